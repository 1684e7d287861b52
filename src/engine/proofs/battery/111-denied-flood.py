# ---
# id: 111
# name: denied-flood
# title: Drown the report of denied calls
# class: resources
# techniques: [T1562.006, T1499]
# defences: [seccomp, syscall_tier, a bound of what is reported]
# wallMs: 15000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Each denied call wakes who reports it. Thousands, of hundreds of kinds, from many processes at once: each must still
be denied, and the run must end as it would have.
"""
import ctypes
import errno
import json
import os
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

EACH = 1500
dangerous = [(272, 97), (165, 40), (308, 268), (321, 280), (425, 425), (250, 219), (310, 270), (300, 262)]


def flood():
    """Returns how many of its calls the kernel took."""
    taken = 0
    for number in range(EACH):
        taken += call(*dangerous[number % 8], 0, number) not in ("EPERM", "ENOSYS")
    # Of numbers that no call has yet, so that there are many kinds.
    for number in range(600, 900):
        call(number, number)
    return taken


children = []
for _ in range(4):
    read, write = os.pipe()
    if os.fork() == 0:
        try:
            os.write(write, str(flood()).encode())
        finally:
            os._exit(0)
    os.close(write)
    children.append(read)
taken = [int(os.read(read, 99)) for read in children]
for _ in children:
    os.wait()
print(json.dumps({"reached": sum(taken) > 0, "saw": f"{sum(taken)} of {4 * EACH} calls got through"}))
