# ---
# id: 18
# name: fileless-exec
# title: Execute a program that is no file
# class: system_calls
# techniques: [T1620]
# defences: [seccomp, syscall_tier, landlock]
# control:
#   without: [seccomp, syscall_tier, landlock]
# ---
"""memfd_create and execveat run code that no file system ever had and no noexec mount can stop."""
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

EMPTY_PATH = 0x1000
answers = {"memfd_create": call(319, 279, b"program", 0), "memfd_secret": call(447, 447, 0)}
answers["execveat"] = call(322, 281, -1, b"", None, None, EMPTY_PATH)
memory = answers["memfd_create"]
if isinstance(memory, int):
    with open("/bin/true", "rb") as program:
        os.write(memory, program.read())
    child = os.fork()
    if child == 0:
        call(322, 281, memory, b"", None, None, EMPTY_PATH)
        os._exit(9)
    answers["run"] = "EPERM" if os.waitpid(child, 0)[1] else "ran"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
