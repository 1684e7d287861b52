# ---
# id: 63
# name: shared-kernel-tables
# title: Use up tables that the kernel keeps by user, not by container
# class: resources
# techniques: [T1499]
# defences: [seccomp, syscall_tier, non_root]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Semaphores, message queues, watches: their limits are the user's or the whole kernel's. (Timers count by user too,
and each sandbox has a user of its own.)
"""
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

event = ctypes.create_string_buffer(64)
answers = {
    "semget": call(64, 190, 0, 1, 0o1600),
    "shmget": call(29, 194, 0, 4096, 0o1600),
    "msgget": call(68, 186, 0, 0o1600),
    "mq_open": call(240, 180, b"cloche", 0o102, 0o600, None),
    "inotify_init1": call(294, 26, 0),
    "signalfd4": call(289, 74, -1, event, 8, 0),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
