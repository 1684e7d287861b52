# ---
# id: 113
# name: fork-after-end
# title: Use the moment between the end of a run and the next one
# class: python
# techniques: [T1546, T1036]
# defences: [the whole process tree ends with the run, a wipe that looks again in a cell]
# steps: 2
# containedBy: [process_limit]
# wallMs: 5000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Processes that wait for the program's end, and then write where the next run will look: each folder, its streams
and its code's name. The control waits for them in the same run.
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


WORD = "came-after-the-end"
FOLDERS = ("/workspace", "/tmp", "/dev/shm")
step, mode = sys.argv[1:]


def wait_and_write():
    parent = os.getppid()
    os.setsid()
    while os.getppid() == parent:
        time.sleep(0.0005)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        for folder in FOLDERS:
            try:
                with open(f"{folder}/{WORD}", "w") as file:
                    file.write(WORD)
            except OSError:
                pass


def start(count):
    for _ in range(count):
        if os.fork() == 0:
            wait_and_write()
            os._exit(0)


if step == "1":
    start(8)
if step == "2" and mode == "control":
    if os.fork() == 0:
        start(2)
        time.sleep(0.05)
        os._exit(0)
    os.wait()
    time.sleep(0.2)
found = []
if step == "2":
    until = time.monotonic() + 0.5
    while not found and time.monotonic() < until:
        found = [f"{folder}/{WORD}" for folder in FOLDERS if os.path.exists(f"{folder}/{WORD}")]
        time.sleep(0.01)
saw = f"found {', '.join(found) or 'nothing'}" if step == "2" else "8 processes wait"
print(json.dumps({"reached": bool(found), "saw": saw}))
