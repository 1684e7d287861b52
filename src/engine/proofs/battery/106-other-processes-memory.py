# ---
# id: 106
# name: other-processes-memory
# title: Read memory and descriptors of every other process in the sandbox
# class: files
# techniques: [T1003.007, T1057]
# defences: [not_dumpable, landlock]
# control:
#   without: [seccomp, syscall_tier, not_dumpable, landlock]
# ---
"""A parked interpreter of the same user may be waiting for somebody else's code: nothing of it may be looked into.
gVisor tells how many descriptors there are, and of none what it is.

The control has a child of its own to look into.
"""
import errno
import json
import os
import signal
import sys
import time

child = os.fork() if sys.argv[2] == "control" else None
if child == 0:
    time.sleep(60)
    os._exit(0)
others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
opened, refusals = [], set()
for name in others:
    for file in ("mem", "maps", "environ", "auxv", "fd", "cwd", "exe", "personality"):
        path = f"/proc/{name}/{file}"
        try:
            if file == "fd":
                for entry in os.listdir(path):
                    os.readlink(f"{path}/{entry}")
            elif file in ("cwd", "exe"):
                os.readlink(path)
            else:
                with open(path, "rb", buffering=0) as opening:
                    file == "mem" or opening.read(1)
            opened.append(path)
        except OSError as error:
            refusals.add(errno.errorcode[error.errno])
if child:
    os.kill(child, signal.SIGKILL)
saw = f"{len(others)} other processes; opened {', '.join(opened) or 'none'}; {', '.join(sorted(refusals))}"
print(json.dumps({"reached": bool(opened), "saw": saw}))
