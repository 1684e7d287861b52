# ---
# id: 11
# name: file-handles
# title: Open files by their handle, past every path
# class: system_calls
# techniques: [T1611]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A handle names an inode of the file system, not a path: the known "shocker" read the host's files that way."""
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

handle = ctypes.create_string_buffer(136)
handle.raw = (128).to_bytes(4, "little") + bytes(132)
mount_id = ctypes.c_int()
answers = {
    "name_to_handle_at": call(303, 264, -100, b"/", handle, ctypes.byref(mount_id), 0),
    "open_by_handle_at": call(304, 265, -1, handle, 0),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
