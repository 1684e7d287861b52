# ---
# id: 20
# name: own-filters
# title: Put a system call filter of its own in place, with a listener
# class: system_calls
# techniques: [T1562]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A listener of the code's own could answer in the name of the one that reports denied calls, or hide them."""
import ctypes
import errno
import json
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

SET_MODE_FILTER, GET_ACTION_AVAIL, NEW_LISTENER = 1, 2, 8
PR_SET_SECCOMP = 22
action = ctypes.c_uint32(0x7FFF0000)
wrong = ctypes.c_void_p(1)
answers = {
    "seccomp query": call(317, 277, GET_ACTION_AVAIL, 0, ctypes.byref(action)),
    "seccomp filter": call(317, 277, SET_MODE_FILTER, 0, wrong),
    "seccomp listener": call(317, 277, SET_MODE_FILTER, NEW_LISTENER, wrong),
    "prctl": call(157, 167, PR_SET_SECCOMP, 99, wrong, 0, 0),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
