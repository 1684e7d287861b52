# ---
# id: 114
# name: lowered-launcher
# title: Crowd out the launcher by its share of the sandbox's limits
# class: resources
# techniques: [T1499]
# defences: [a share of limits that is the launcher's, the kernel picks the cell when memory runs out]
# containedBy: [memory_limit, process_limit]
# wallMs: 20000
# control:
#   without: [seccomp, syscall_tier]
#   limits: { memoryMiB: 1024, processes: 256 }
# ---
"""Memory and processes are the launcher's too. Children that each take a little, so that no one of them is the
obvious one to end, must not make the kernel pick the launcher.
"""
import json
import os
import select
import signal
import sys
import time

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


MiB = 1 << 20
count, each = (20, 8) if sys.argv[2] == "control" else (500, 40)
children, refused = [], ""
told, tell = os.pipe()
try:
    for _ in range(count):
        child = os.fork()
        if child == 0:
            held = bytearray(b"x") * (each * MiB)
            os.write(tell, b"x")
            time.sleep(60)
            os._exit(0)
        children.append(child)
except OSError as error:
    refused = error.strerror
holding = 0
while holding < len(children) and select.select([told], [], [], 1)[0]:
    holding += len(os.read(told, 512))
alive = 0
for child in children:
    try:
        alive += os.waitpid(child, os.WNOHANG)[0] == 0
        os.kill(child, signal.SIGKILL)
    except OSError:
        pass
reached = alive == count
saw = f"{alive} of {count} children with {each} MiB each lived; {refused or 'all were started'}"
print(json.dumps({"reached": reached, "saw": saw}))
