# ---
# id: 5
# name: trace-another-process
# title: Trace the launcher, or read and write its memory
# class: system_calls
# techniques: [T1055.008]
# defences: [seccomp, syscall_tier, landlock, not_dumpable]
# control:
#   without: [seccomp, syscall_tier, landlock, not_dumpable]
# ---
"""The launcher has the same user and, being the parent, the same memory layout: an address here is one there."""
import ctypes
import errno
import json
import os
import signal
import sys
import time

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def memory(x86, generic, pid):
    mine = ctypes.create_string_buffer(16)
    local = Piece(ctypes.addressof(mine), 16)
    remote = Piece(id(None), 16)
    return call(x86, generic, pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)


child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
answers = {}
for name, pid in (("launcher", 1), ("child", child)):
    answers[f"trace {name}"] = call(101, 117, PTRACE_SEIZE, pid, 0, 0)
    call(101, 117, PTRACE_DETACH, pid, 0, 0)
    answers[f"read {name}"] = memory(310, 270, pid)
# Only its own child's: what is written there is what was read, but the launcher stays untouched.
answers["write child"] = memory(311, 271, child) if answers["read child"] == 16 else "EPERM"
os.kill(child, signal.SIGKILL)
os.wait()
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
