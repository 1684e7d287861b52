# ---
# id: 51
# name: zombies
# title: Hoard dead processes that nobody collects
# class: resources
# techniques: [T1499.001]
# defences: [the launcher collects orphans, processes]
# wallMs: 15000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A dead process keeps its number until its parent asks. Orphans are process 1's, which must ask for each.

The control's are its own children, which it does not collect at once.
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


COUNT = 6


def zombies():
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    count += stat.read().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                pass
    return count


if sys.argv[2] == "control":
    for _ in range(COUNT):
        os.fork() or os._exit(0)
else:
    # The parent goes first, so that its children are orphans when they end.
    if os.fork() == 0:
        for _ in range(COUNT):
            if os.fork() == 0:
                time.sleep(0.05)
                os._exit(0)
        os._exit(0)
    os.wait()
    time.sleep(0.1)
until = time.monotonic() + 2
while zombies() and time.monotonic() < until:
    time.sleep(0.02)
left = zombies()
print(json.dumps({"reached": left > 0, "saw": f"{left} of {COUNT} stayed"}))
