# ---
# id: 50
# name: respawn
# title: Outrun the killer by forking faster than it kills
# class: resources
# techniques: [T1499, T1543]
# defences: [the whole process tree ends with the run, processes]
# containedBy: [process_limit]
# steps: 2
# control:
#   without: [seccomp, syscall_tier]
#   limits: { processes: 128 }
# ---
"""Each process lives for a moment and leaves a child: who kills what it has listed never reaches the end."""
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
seen = ("/tmp/hop", "/dev/shm/hop")


def hop():
    """From process to process, for at most a minute."""
    until = time.monotonic() + 60
    os.setsid()
    for fd in range(3):
        os.close(fd)
    while time.monotonic() < until:
        for path in seen:
            with open(path, "w") as file:
                file.write(str(os.getpid()))
        if os.fork() != 0:
            os._exit(0)
    os._exit(0)


def others():
    """Processes that are neither this one nor those that started it."""
    mine = {1, os.getpid(), os.getppid()}
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) not in mine]


if step == "1" or mode == "control":
    for _ in range(5):
        if os.fork() == 0:
            hop()
    while not os.path.exists(seen[1]):
        time.sleep(0.01)
found = []
if step == "2" or mode == "control":
    until = time.monotonic() + 0.3
    while not found and time.monotonic() < until:
        found = [path for path in seen if os.path.exists(path)]
        time.sleep(0.01)
saw = f"found {', '.join(found) or 'none'}, {len(others())} other processes" if step == "2" else "left"
print(json.dumps({"reached": bool(found), "saw": saw}))
