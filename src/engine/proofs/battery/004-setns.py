# ---
# id: 4
# name: setns
# title: Enter another process's namespaces
# class: system_calls
# techniques: [T1611]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A way into a neighbour's or the host's namespaces, by a file of /proc or by a process's descriptor (pidfd)."""
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

answers = {}
for kind in ("mnt", "user", "pid", "net"):
    for process in ("1", "self"):
        try:
            namespace = os.open(f"/proc/{process}/ns/{kind}", os.O_RDONLY)
        except OSError:
            # Not even the file: the call is tried all the same, with a number that is no descriptor.
            namespace = -1
        answers[f"{kind} of {process}"] = call(308, 268, namespace, 0)
        if namespace >= 0:
            os.close(namespace)
launcher = call(434, 434, 1, 0)
launcher = launcher if isinstance(launcher, int) else -1
answers["all of pidfd 1"] = call(308, 268, launcher, 0x20000 | 0x40000000)
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
