# ---
# id: 9
# name: keyrings
# title: Leave a word for others in the kernel's keyrings
# class: system_calls
# techniques: [T1611, T1074]
# defences: [seccomp, syscall_tier, non_root]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor has no keyrings but an empty one of the session" }
# ---
"""Keyrings have no namespace of their own: what one sandbox puts into its user's, another of that user can read."""
import ctypes
import errno
import json
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

process, session, user = -2, -3, -4
# The control leaves nothing behind: a process's keyring goes with it.
rings = [process, session, user] if sys.argv[2] == "attempt" else [process]
SEARCH = 10
answers = {}
for ring in rings:
    answers[f"add to {ring}"] = call(248, 217, b"user", b"cloche", b"word", 4, ring)
    answers[f"look in {ring}"] = call(250, 219, SEARCH, ring, b"user", b"cloche", 0)
answers["ask"] = call(249, 218, b"user", b"cloche", None, 0)
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
