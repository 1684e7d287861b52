# ---
# id: 7
# name: kernel-programs
# title: Load a program into the kernel, or count its events
# class: system_calls
# techniques: [T1068]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor has neither bpf nor perf_event_open" }
# ---
"""bpf and perf_event_open have been the way to the kernel's own rights more often than any other two calls."""
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

PROG_LOAD = 5
attributes = ctypes.create_string_buffer(128)
answers = {
    "bpf": call(321, 280, PROG_LOAD, attributes, 128),
    # An impossible size and flag: a kernel that gets to see them says so whoever asks.
    "bpf of 2 pages": call(321, 280, PROG_LOAD, attributes, 8192),
    "perf_event_open": call(298, 241, attributes, 0, -1, -1, 0),
    "perf_event_open with a wrong flag": call(298, 241, attributes, 0, -1, -1, 1 << 20),
}
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
