# ---
# id: 8
# name: io-uring
# title: Do I/O through rings, past the system call filter
# class: system_calls
# techniques: [T1068]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor has no io_uring unless it is switched on" }
# ---
"""What is asked for in a ring never passes a filter: files, sockets, all of it. It also had holes of its own."""
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

parameters = ctypes.create_string_buffer(120)
answers = {
    "io_uring_setup": call(425, 425, 1, parameters),
    "io_uring_enter": call(426, 426, -1, 1, 0, 0, None, 0),
    "io_uring_register": call(427, 427, -1, 0, None, 0),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
