# ---
# id: 44
# name: fork-bomb
# title: Start processes and threads without end
# class: resources
# techniques: [T1499.001]
# defences: [processes]
# containedBy: [process_limit]
# wallMs: 15000
# control:
#   without: [seccomp, syscall_tier]
#   limits: { processes: 512, memoryMiB: 512 }
# notFor: { runsc: "gVisor's processes are none of the host's; what they cost is memory of the sandbox (45)" }
# ---
"""Processes are the host's, and when they run out nobody else can start one."""
import json
import os
import signal
import sys
import time
import threading

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


ENOUGH = 80


def limit():
    for path in ("/sys/fs/cgroup/pids/pids.max", "/sys/fs/cgroup/pids.max"):
        try:
            with open(path) as file:
                return int(file.read())
        except (OSError, ValueError):
            pass
    return 4096


goal = ENOUGH if sys.argv[2] == "control" else limit() + 16
go_on = threading.Event()
children, threads, refusals = [], 0, set()
try:
    while len(children) < goal:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        children.append(child)
except OSError as error:
    refusals.add(error.strerror)
try:
    while len(children) + threads < goal:
        threading.Thread(target=go_on.wait, daemon=True).start()
        threads += 1
except RuntimeError as error:
    refusals.add(str(error))
go_on.set()
for child in children:
    os.kill(child, signal.SIGKILL)
for child in children:
    os.waitpid(child, 0)
saw = f"{len(children)} processes and {threads} threads of {goal}; {', '.join(refusals) or 'no end'}"
print(json.dumps({"reached": len(children) + threads >= goal, "saw": saw}))
