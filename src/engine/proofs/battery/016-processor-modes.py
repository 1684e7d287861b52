# ---
# id: 16
# name: processor-modes
# title: Switch the processor or the loader into a weaker mode
# class: system_calls
# techniques: [T1068]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""No address randomisation, own segments, no shadow stack, ports: each makes another attack easier."""
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

ADDR_NO_RANDOMIZE, GET_CPUID = 0x0040000, 0x1011
table = ctypes.create_string_buffer(64)
answers = {"personality": call(135, 92, ADDR_NO_RANDOMIZE)}
if not arm:
    answers |= {
        "modify_ldt": call(154, -1, 0, table, 64),
        "arch_prctl": call(158, -1, GET_CPUID, 0),
        "iopl": call(172, -1, 9),
        "ioperm": call(173, -1, -1, 1, 1),
    }
through = [name for name, answer in answers.items() if answer not in ("EPERM", "ENOSYS")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(through), "saw": saw}))
