# ---
# id: 28
# name: launcher-files
# title: Read the launcher's environment, descriptors and memory in /proc/1
# class: files
# techniques: [T1057, T1552.007]
# defences: [not_dumpable, landlock, an environment without secrets]
# control:
#   without: [seccomp, syscall_tier, not_dumpable, landlock]
# ---
"""Process 1 is the same user's. What is left to read is what ps shows: its name, its state and its command line,
and that holds no more than the policy's limits and filters. The control looks at a child of its own.
"""
import base64
import json
import os
import signal
import sys
import time

POLICY = {"landlock", "seccomp", "limits", "dumpable", "cells", "clock"}
target = 1
if sys.argv[2] == "control":
    target = os.fork()
    if target == 0:
        time.sleep(60)
        os._exit(0)
opened = []
for name in ("environ", "maps", "smaps", "auxv", "io", "syscall", "stack", "mem", "pagemap", "timers"):
    try:
        with open(f"/proc/{target}/{name}", "rb", buffering=0) as file:
            # Memory has nothing at 0; being let in is what counts.
            if name != "mem":
                file.read(64)
        opened.append(name)
    except OSError:
        pass
for name in ("fd", "map_files", "task/1/fd"):
    try:
        for entry in os.listdir(f"/proc/{target}/{name}"):
            os.readlink(f"/proc/{target}/{name}/{entry}")
            opened.append(f"{name}/{entry}")
    except OSError:
        pass
for name in ("exe", "cwd", "root"):
    try:
        os.readlink(f"/proc/{target}/{name}")
        opened.append(name)
    except OSError:
        pass
with open("/proc/1/cmdline") as file:
    words = file.read().rstrip("\0").split("\0")


def is_secret(word):
    """A long word that is neither a path nor what the launcher is told of the policy."""
    if len(word) < 24 or word.startswith("/"):
        return False
    try:
        return not set(json.loads(base64.b64decode(word))) <= POLICY
    except ValueError:
        return True


secrets = [word for word in words if is_secret(word)]
if target != 1:
    os.kill(target, signal.SIGKILL)
saw = f"opened {', '.join(opened) or 'none'}; the command line has {len(words)} words, secrets: {len(secrets)}"
print(json.dumps({"reached": bool(opened or secrets), "saw": saw}))
