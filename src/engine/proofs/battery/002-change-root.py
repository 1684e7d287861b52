# ---
# id: 2
# name: change-root
# title: Unmount what covers the host's files, or change the root
# class: system_calls
# techniques: [T1611]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier, landlock]
# ---
"""The masks over /proc are mounts: without them its files show. A new root undoes every path that a rule names."""
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

def in_child(attempt):
    """Tries it in a process of its own, which it may spoil."""
    read, write = os.pipe()
    try:
        child = os.fork()
    except PermissionError:
        # A policy of a single process: it has only itself to spoil.
        return str(attempt())
    if child == 0:
        try:
            os.write(write, str(attempt()).encode())
        finally:
            os._exit(0)
    os.close(write)
    os.wait()
    with open(read) as answer:
        return answer.read()

NEWUSER_NEWNS = 0x10020000
MNT_DETACH = 2


def umount2():
    return call(166, 39, b"/proc/kcore", -1)


def umount2_in_own_namespace():
    call(272, 97, NEWUSER_NEWNS)
    return call(166, 39, b"/proc/kcore", MNT_DETACH)


def pivot_root():
    call(272, 97, NEWUSER_NEWNS)
    return call(155, 41, b"/", b"/")


def chroot():
    call(272, 97, NEWUSER_NEWNS)
    return call(161, 51, b"/tmp")


answers = {
    attempt.__name__: in_child(attempt) for attempt in (umount2, umount2_in_own_namespace, pivot_root, chroot)
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
