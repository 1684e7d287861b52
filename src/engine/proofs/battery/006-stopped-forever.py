# ---
# id: 6
# name: stopped-forever
# title: Stop as if under a debugger, so that nothing ends the run
# class: system_calls
# techniques: [T1499]
# defences: [the wall time kept outside, seccomp, syscall_tier]
# containedBy: [time_limit]
# wallMs: 1500
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A stopped process gets no signal but SIGKILL, and a supervisor that waits for a stop to end waits forever."""
import ctypes
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


libc = ctypes.CDLL(None)
PTRACE_TRACEME = 0
child = os.fork()
if child == 0:
    libc.ptrace(PTRACE_TRACEME, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)
_, status = os.waitpid(child, os.WUNTRACED)
if sys.argv[2] == "attempt":
    os.kill(os.getpid(), signal.SIGSTOP)
os.kill(child, signal.SIGKILL)
print(json.dumps({"reached": os.WIFSTOPPED(status), "saw": "the child stopped and stayed"}))
