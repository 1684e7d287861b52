# ---
# id: 61
# name: core-dump
# title: Have the kernel write a core dump, or start the host's handler for it
# class: resources
# techniques: [T1003, T1611]
# defences: [file_limits, not_dumpable]
# control:
#   without: [seccomp, syscall_tier, file_limits, not_dumpable]
# ---
"""core_pattern may name a program that the host runs as root. The control only looks whether one could be had."""
import ctypes
import json
import os
import resource
import signal
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


PR_GET_DUMPABLE = 3
_, hard = resource.getrlimit(resource.RLIMIT_CORE)
dumpable = ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)
dumped = False
if sys.argv[2] == "attempt":
    child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            pass
        os.kill(os.getpid(), signal.SIGSEGV)
    _, status = os.waitpid(child, 0)
    dumped = os.WCOREDUMP(status)
saw = f"a core may have {hard} bytes, dumpable {dumpable}, dumped: {dumped}"
print(json.dumps({"reached": dumped or (hard != 0 and dumpable == 1), "saw": saw}))
