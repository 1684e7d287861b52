# ---
# id: 23
# name: priority
# title: Take priority over everything else on the host
# class: system_calls
# techniques: [T1499]
# defences: [seccomp, syscall_tier, no_capabilities, file_limits]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor keeps priorities to itself; none reaches the host's scheduler" }
# ---
"""A real-time loop on a core that others share starves them; locked memory can't be taken back."""
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

FIFO, BATCH, DEADLINE = 1, 3, 6
priority = ctypes.c_int(1)
none = ctypes.c_int(0)
attributes = ctypes.create_string_buffer(48)
attributes.raw = (48).to_bytes(4, "little") + DEADLINE.to_bytes(4, "little") + bytes(40)
realtime = 1 << 13
best_effort = 2 << 13
answers = {
    "real time": in_child(lambda: call(144, 119, 0, FIFO, ctypes.byref(priority))),
    "another scheduler": in_child(lambda: call(144, 119, 0, BATCH, ctypes.byref(none))),
    "deadline": in_child(lambda: call(314, 274, 0, attributes, 0)),
    "nice -20": in_child(lambda: call(141, 140, 0, 0, -20)),
    "nice of the launcher": in_child(lambda: call(141, 140, 0, 1, 19)),
    "disk in real time": in_child(lambda: call(251, 30, 1, 0, realtime)),
    "disk best effort": in_child(lambda: call(251, 30, 1, 0, best_effort)),
    "lock all memory": in_child(lambda: call(151, 230, 3)),
}
through = [name for name, answer in answers.items() if not answer.startswith("E")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
