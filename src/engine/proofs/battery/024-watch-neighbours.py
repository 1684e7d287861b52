# ---
# id: 24
# name: watch-neighbours
# title: Watch what neighbours do with files of the shared image
# class: system_calls
# techniques: [T1083, T1119]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Sandboxes of one image share its layers. A watch on them would tell which programs a neighbour starts, and when."""
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

REPORT_FID = 0x200
IN_OPEN = 0x20
answers = {
    "fanotify_init": call(300, 262, REPORT_FID, 0),
    "inotify_init1": call(294, 26, 0),
}
watch = answers["inotify_init1"] if isinstance(answers["inotify_init1"], int) else -1
answers["inotify_add_watch"] = call(254, 27, watch, b"/usr/bin", IN_OPEN)
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
