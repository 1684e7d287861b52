# ---
# id: 33
# name: devices
# title: Make or open a device of the host
# class: files
# techniques: [T1006, T1611]
# defences: [no_capabilities, seccomp, syscall_tier, landlock, non_root, nodev file systems]
# control:
#   without: [seccomp, syscall_tier, landlock, non_root, no_capabilities]
# notFor: { runsc: "gVisor has devices of its own only (fuse and tun are in its own kernel)" }
# ---
"""A disk's node is the disk. In the control a node is made too, of /dev/null, and opened nowhere."""
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

numbers = {"null": (1, 3), "mem": (1, 1), "loop0": (7, 0), "sda": (8, 0), "vda": (254, 0), "kvm": (10, 232)}
answers = {}
for name, (major, minor) in list(numbers.items())[: None if os.getuid() else 1]:
    for folder in ("/tmp", "/dev", "/workspace"):
        kind = stat.S_IFCHR | 0o600
        path = f"{folder}/node-{name}".encode()
        answers[f"make {name} in {folder}"] = call(259, 33, -100, path, kind, os.makedev(major, minor))
for name in ("mem", "kmem", "port", "kvm", "fuse", "loop-control", "net/tun", "vhost-net", "vsock", "mapper/control"):
    try:
        os.close(os.open(f"/dev/{name}", os.O_RDONLY))
        answers[f"open {name}"] = "opened"
    except OSError as error:
        answers[f"open {name}"] = errno.errorcode[error.errno]
got = [name for name, answer in answers.items() if not str(answer).startswith("E")]
refusals = sorted({str(answer) for answer in answers.values()})
saw = f"got {', '.join(got) or 'none'} of {len(answers)}: {', '.join(refusals)}"
print(json.dumps({"reached": bool(got), "saw": saw}))
