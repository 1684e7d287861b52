# ---
# id: 92
# name: shared-inodes
# title: Signal to a neighbour by locks and cached pages of the shared image
# class: network
# techniques: [T1205, T1082]
# defences: [locks are each sandbox's own, seccomp, syscall_tier, noatime]
# steps: 2
# order: beside
# wallMs: 8000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Two sandboxes of one image read the same files. One locks some, the other looks whether they are locked, and asks
which pages of them are in memory. (How long a read takes tells of that too, and remains. A read that must not wait,
EOPNOTSUPP, tells nothing: the image's file system has no such reads.) The control does both.
"""
import ctypes
import errno
import fcntl
import json
import mmap
import os
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

step, mode = sys.argv[1:]
paths = ("/usr/bin/true", "/etc/passwd", "/usr/lib/os-release")
held, answers = [], {}
if step == "1" or mode == "control":
    for path in paths:
        held.append(open(path, "rb"))
        fcntl.flock(held[-1], fcntl.LOCK_EX)
        fcntl.lockf(os.dup(held[-1].fileno()), fcntl.LOCK_SH) if mode == "attempt" else None
    time.sleep(1.5 if mode == "attempt" else 0)
if step == "2" or mode == "control":
    until = time.monotonic() + (1 if mode == "attempt" else 0)
    locked = set()
    while True:
        for path in paths:
            with open(path, "rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    locked.add(path)
        time.sleep(0.02)
        if locked or time.monotonic() > until:
            break
    answers["locked"] = f"{len(locked)} files" if locked else "EPERM"
    file = os.open(paths[0], os.O_RDONLY)
    area = mmap.mmap(file, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE, flags=mmap.MAP_PRIVATE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    vector, buffer = ctypes.create_string_buffer(8), ctypes.create_string_buffer(16)
    piece = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 16)
    RWF_NOWAIT = 8
    answers["mincore"] = call(27, 232, address, 4096, vector)
    answers["preadv2"] = call(327, 286, file, piece, 1, 0, 0, RWF_NOWAIT)
    answers["cachestat"] = call(451, 451, file, piece, piece, 0)
    before = os.stat(paths[2]).st_atime_ns
    with open(paths[2]) as read:
        read.read()
    answers["atime"] = "EPERM" if os.stat(paths[2]).st_atime_ns == before else "changed"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS", "EOPNOTSUPP", "ENOTSUP")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items()) or "locked"
print(json.dumps({"reached": bool(through), "saw": saw}))
