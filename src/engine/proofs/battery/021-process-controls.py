# ---
# id: 21
# name: process-controls
# title: Undo by prctl what keeps the process in place
# class: system_calls
# techniques: [T1562, T1055]
# defences: [seccomp, syscall_tier, end by SIGKILL of the whole sandbox or cell]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Dumpable again, father of orphans, open to tracers, with another memory layout or securebits: none is for use.

PR_SET_PDEATHSIG stays allowed: nothing here relies on it to end a run.
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

wanted = {
    "PR_SET_DUMPABLE": (4, 1),
    "PR_SET_CHILD_SUBREAPER": (36, 1),
    "PR_SET_MM": (35, 1),
    "PR_SET_PTRACER": (0x59616D61, -1),
    "PR_SET_KEEPCAPS": (8, 1),
    "PR_SET_SECUREBITS": (28, 0),
    "PR_CAP_AMBIENT": (47, 1),
    "PR_SET_SPECULATION_CTRL": (53, 0),
    "PR_SET_TSC": (26, 1),
    "PR_SCHED_CORE": (62, 0),
    "PR_SET_MDWE": (65, 1),
}
answers = {
    name: in_child(lambda option=option, value=value: call(157, 167, option, value, 0, 0, 0))
    for name, (option, value) in wanted.items()
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
