# ---
# id: 22
# name: become-another-user
# title: Become another user, by calls, setuid files or file capabilities
# class: system_calls
# techniques: [T1548.001]
# defences: [seccomp, syscall_tier, no_new_privileges, no_capabilities, non_root, image without setuid files]
# control:
#   without: [seccomp, syscall_tier, no_new_privileges]
# ---
"""Root in the container is a step nearer to the host's. The calls are for users that exist and for ones that can't."""
import ctypes
import errno
import json
import os
import stat

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

own = os.getuid()
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
answers = {
    "setuid 0": in_child(lambda: call(105, 146, 0)),
    "setgid 0": in_child(lambda: call(106, 144, 0)),
    "setgroups": in_child(lambda: call(116, 159, 1, (ctypes.c_uint32 * 1)(0))),
    "setuid to none": in_child(lambda: call(105, 146, -1)),
    "setresuid to itself": in_child(lambda: call(117, 147, own, own, own)),
    "setfsuid to none": in_child(lambda: call(122, 151, -1)),
    "capset": in_child(lambda: call(126, 91, header, data)),
}
gifted = []
for folder, _, names in os.walk("/usr"):
    for name in names:
        path = os.path.join(folder, name)
        state = os.lstat(path)
        if stat.S_ISREG(state.st_mode) and state.st_mode & (stat.S_ISUID | stat.S_ISGID):
            gifted.append(path)
answers["setuid files"] = ", ".join(gifted) or "EPERM"
PR_GET_NO_NEW_PRIVS = 39
answers["no_new_privs"] = "off" if call(157, 167, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 else "EPERM"
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
