# ---
# id: 1
# name: mount
# title: Mount a file system, by the old calls and the new ones
# class: system_calls
# techniques: [T1611]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier, landlock]
# ---
"""Whoever can mount can cover what protects, or show itself what was hidden: the first step of most escapes.

In a user namespace of its own a process would have the capability for it, so that is tried first.
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
OPEN_TREE_CLONE = 1
here = b"/tmp"


def mount():
    call(272, 97, NEWUSER_NEWNS)
    return call(165, 40, b"none", here, b"tmpfs", 0, None)


def fsopen():
    call(272, 97, NEWUSER_NEWNS)
    return call(430, 430, b"tmpfs", 0)


def open_tree():
    call(272, 97, NEWUSER_NEWNS)
    return call(428, 428, -100, b"/", OPEN_TREE_CLONE)


def move_mount():
    call(272, 97, NEWUSER_NEWNS)
    return call(429, 429, -1, b"", -1, b"", 0)


with open("/proc/self/mountinfo") as mounts:
    before = mounts.read()
answers = {attempt.__name__: in_child(attempt) for attempt in (mount, fsopen, open_tree, move_mount)}
with open("/proc/self/mountinfo") as mounts:
    assert mounts.read() == before, "the mounts of this process changed"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
