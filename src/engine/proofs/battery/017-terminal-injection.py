# ---
# id: 17
# name: terminal-injection
# title: Type into somebody's terminal
# class: system_calls
# techniques: [T1674]
# defences: [seccomp, syscall_tier, landlock, no terminal]
# control:
#   without: [seccomp, syscall_tier, landlock]
# ---
"""TIOCSTI puts characters into a terminal as if its user had typed them; TIOCLINUX pastes into the console."""
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

TIOCSTI, TIOCLINUX = 0x5412, 0x541C
answers = {f"TIOCSTI on {fd}": call(16, 29, fd, TIOCSTI, b"x") for fd in range(3)}
answers["TIOCLINUX"] = call(16, 29, 0, TIOCLINUX, b"\x03")
for path in ("/dev/tty", "/dev/ptmx", "/dev/console", "/dev/tty0"):
    try:
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY)
        answers[path] = call(16, 29, terminal, TIOCSTI, b"x")
    except OSError:
        answers[path] = "EPERM"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
