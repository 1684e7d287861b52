# ---
# id: 10
# name: userfaultfd
# title: Hold the kernel still in the middle of a copy
# class: system_calls
# techniques: [T1068]
# defences: [seccomp, syscall_tier, no such device]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor has no userfaultfd" }
# ---
"""With userfaultfd a process decides how long the kernel waits for a page: the usual help to win its races."""
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

USER_MODE_ONLY = 1
answers = {
    "userfaultfd": call(323, 282, 0),
    "userfaultfd for user mode": call(323, 282, USER_MODE_ONLY),
}
try:
    os.open("/dev/userfaultfd", os.O_RDWR)
    answers["/dev/userfaultfd"] = "opened"
except OSError:
    answers["/dev/userfaultfd"] = "EPERM"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
