# ---
# id: 12
# name: administration
# title: Administer the host, from its clock to its kernel modules
# class: system_calls
# techniques: [T1068, T1529, T1547.006, T1070.006]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Calls for who runs the machine. The arguments are wrong on purpose: nothing happens, even where they get through.

The kernel checks the capability first in some of them, so their EPERM may be its own; those that copy or check
their arguments first (swapon, quotactl, settimeofday, adjtimex, clock_settime) tell filter and kernel apart.
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

wrong = ctypes.c_void_p(1)


def sethostname():
    call(272, 97, 0x14000000)
    return call(170, 161, b"taken", 5)


answers = {
    "kexec_load": call(246, 104, 0, 1 << 20, None, -1),
    "reboot": call(169, 142, 0, 0, 0, None),
    "init_module": call(175, 105, None, 0, wrong),
    "finit_module": call(313, 273, -1, wrong, -1),
    "swapon": call(167, 224, b"/none", -1),
    "acct": call(163, 89, wrong),
    "quotactl": call(179, 60, -1, b"/none", 0, None),
    "settimeofday": call(164, 170, wrong, None),
    "adjtimex": call(159, 171, wrong),
    "clock_settime": call(227, 112, 99, wrong),
    "sethostname": in_child(sethostname),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
