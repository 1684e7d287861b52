# ---
# id: 108
# name: own-rules
# title: Change the file rules that are on it, or who is told of refusals
# class: system_calls
# techniques: [T1562.001]
# defences: [syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor has no Landlock" }
# ---
"""The launcher needs these calls to lock a cell in. The cell's own filter, put on last, has none of them."""
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

VERSION = 1
PR_SET_DUMPABLE = 4
answers = {
    "landlock version": call(444, 444, None, 0, VERSION),
    "landlock rule": call(445, 445, -1, 1, None, 0),
    "landlock restrict": call(446, 446, -1, 0),
    "dumpable": call(157, 167, PR_SET_DUMPABLE, 1, 0, 0, 0),
    "seccomp": call(317, 277, 3, 0, None),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
