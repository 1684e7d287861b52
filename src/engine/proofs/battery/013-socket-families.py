# ---
# id: 13
# name: socket-families
# title: Open a socket of every kind there is
# class: system_calls
# techniques: [T1068, T1095]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Each family is a piece of kernel of its own, most of them rarely looked at: AF_ALG (CVE-2026-31431), AF_VSOCK,
AF_PACKET, AF_XDP, AF_TIPC and their like. AF_UNIX and AF_INET(6) within the sandbox are for use.
"""
import ctypes
import errno
import json
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

FOR_USE = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6}
opened = {}
for family in range(64):
    for kind in (1, 2, 3, 5):
        descriptor = call(41, 198, family, kind, 0)
        if isinstance(descriptor, int):
            opened.setdefault(family, []).append(kind)
            os.close(descriptor)
others = sorted(set(opened) - FOR_USE)
raw = sorted(family for family, kinds in opened.items() if 3 in kinds and family != socket.AF_UNIX)
saw = f"opened families {sorted(opened)} of 0..63; raw ones: {raw or 'none'}"
print(json.dumps({"reached": bool(others or raw), "saw": saw}))
