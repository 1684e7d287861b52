# ---
# id: 107
# name: taken-descriptors
# title: Take descriptors out of another process, or pages into a pipe
# class: system_calls
# techniques: [T1055, T1068]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""pidfd_getfd copies another process's descriptor; splice and its kin were the way of Dirty Pipe (CVE-2022-0847)."""
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

read, write = os.pipe()
file = os.open("/etc/passwd", os.O_RDONLY)
launcher = call(434, 434, 1, 0)
launcher = launcher if isinstance(launcher, int) else -1
answers = {
    "pidfd_getfd of the launcher": call(438, 438, launcher, 0, 0),
    "pidfd_getfd of none": call(438, 438, -1, 0, 0),
    "kcmp": call(312, 272, os.getpid(), os.getpid(), 0, 0, 1),
    "splice": call(275, 76, file, None, write, None, 1, 0),
    "tee": call(276, 77, read, write, 1, 0),
    "vmsplice": call(278, 75, write, None, 0, 0),
    "process_madvise": call(440, 440, launcher, None, 0, 4, 0),
    "process_mrelease": call(448, 448, launcher, 0),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
