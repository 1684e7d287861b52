# ---
# id: 112
# name: stop-own-group
# title: Stop its whole process group and session
# class: resources
# techniques: [T1499]
# defences: [the wall time kept outside, end by SIGKILL]
# containedBy: [time_limit]
# wallMs: 1000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""SIGSTOP to group 0 stops all that started together with it, as far as it goes: not the launcher. The control stops
a group of its own.
"""
import json
import os
import signal
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


if sys.argv[2] == "attempt":
    os.kill(0, signal.SIGSTOP)
    os.kill(-1, signal.SIGSTOP)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.kill(0, signal.SIGSTOP)
    os._exit(0)
_, status = os.waitpid(child, os.WUNTRACED)
os.kill(child, signal.SIGKILL)
print(json.dumps({"reached": os.WIFSTOPPED(status), "saw": "a group of its own stopped"}))
