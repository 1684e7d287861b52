# ---
# id: 14
# name: netlink
# title: Talk to the kernel's configuration by netlink
# class: system_calls
# techniques: [T1068, T1016]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Routes, firewall, audit, crypto: netlink is a large surface that engines' own filters leave open."""
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

AF_NETLINK, SOCK_RAW = 16, 3
answers = {protocol: call(41, 198, AF_NETLINK, SOCK_RAW, protocol) for protocol in range(23)}
opened = [protocol for protocol, answer in answers.items() if isinstance(answer, int)]
refusals = sorted({answer for answer in answers.values() if isinstance(answer, str)})
saw = f"opened protocols {opened or 'none'} of 0..22; {', '.join(refusals)}"
print(json.dumps({"reached": bool(opened), "saw": saw}))
