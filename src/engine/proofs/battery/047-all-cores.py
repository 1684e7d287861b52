# ---
# id: 47
# name: all-cores
# title: Run on more cores than were given
# class: resources
# techniques: [T1496]
# defences: [cpus]
# control:
#   without: [seccomp, syscall_tier]
#   limits: { cpus: 2 }
# ---
"""Whoever computes on neighbours' cores slows them. The control is given two and counts them against one."""
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


given = 1 if sys.argv[2] == "control" else int(os.environ["PYTHON_CPU_COUNT"])
try:
    os.sched_setaffinity(0, range(1024))
    widened = "could ask for all"
except OSError as error:
    widened = error.strerror
usable = len(os.sched_getaffinity(0))

# What four times as many processes that only compute really get.
began = time.monotonic()
for _ in range(4 * given):
    if os.fork() == 0:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass
        os._exit(0)
for _ in range(4 * given):
    os.wait()
spent = os.times()
cores = (spent.children_user + spent.children_system) / (time.monotonic() - began)
reached = usable > given or cores > given + 0.7
saw = f"{usable} usable cores, {given} given ({widened}); spinners got {cores:.1f}"
print(json.dumps({"reached": reached, "saw": saw}))
