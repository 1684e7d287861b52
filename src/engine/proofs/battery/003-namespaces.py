# ---
# id: 3
# name: namespaces
# title: Get a user namespace, in which one is root, and any other
# class: system_calls
# techniques: [T1611, T1068]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier, landlock]
# ---
"""In a user namespace of its own a process has all capabilities, and the kernel's code behind them is in reach."""
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

SIGCHLD = 17
flags = {"user": 1 << 28, "mount": 1 << 17, "pid": 1 << 29, "net": 1 << 30, "ipc": 1 << 27, "uts": 1 << 26}
flags |= {"cgroup": 1 << 25, "time": 1 << 7}


def clone():
    child = call(56, 220, flags["user"] | SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    return child


answers = {f"unshare {name}": in_child(lambda flag=flag: call(272, 97, flag)) for name, flag in flags.items()}
answers["clone user"] = in_child(clone)
answers["clone3"] = call(435, 435, None, 0)
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
