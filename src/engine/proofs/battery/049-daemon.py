# ---
# id: 49
# name: daemon
# title: Leave a process behind that outlives the run
# class: resources
# techniques: [T1543, T1036.009]
# defences: [the whole process tree ends with the run]
# steps: 2
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Twice forked, in a session of its own, with no tie left to who started it. The second run looks for it.

The control starts it and looks in one run.
"""
import json
import os
import sys
import time

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


step, mode = sys.argv[1:]


def daemon():
    """Writes a file again and again, so that it is seen even where its process isn't."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(3):
                os.close(fd)
            until = time.monotonic() + 60
            while time.monotonic() < until:
                for folder in ("/workspace", "/tmp", "/dev/shm"):
                    with open(f"{folder}/alive", "w") as file:
                        file.write(str(os.getpid()))
                time.sleep(0.01)
        os._exit(0)
    os.wait()


def traces():
    return [path for path in ("/workspace/alive", "/tmp/alive", "/dev/shm/alive") if os.path.exists(path)]


if step == "1" or mode == "control":
    daemon()
    while not traces():
        time.sleep(0.01)
found = []
if step == "2" or mode == "control":
    until = time.monotonic() + 0.3
    while not found and time.monotonic() < until:
        found = traces()
        time.sleep(0.01)
saw = f"traces of it: {', '.join(found) or 'none'}" if step == "2" else "left"
print(json.dumps({"reached": bool(found), "saw": saw}))
