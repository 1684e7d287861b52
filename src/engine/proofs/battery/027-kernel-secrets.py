# ---
# id: 27
# name: kernel-secrets
# title: Read where the kernel lies, what it logs and who holds keys
# class: files
# techniques: [T1082, T1003, T1005]
# defences: [masked paths, landlock, seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Addresses make kernel exploits reliable; the log and the memory of the kernel hold other people's data.

A masked file is there and empty. The control reads a file that isn't masked, by the same way, and the log's call.
"""
import ctypes
import errno
import json
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
arm = os.uname().machine == "aarch64"


def call(x86, generic, *args):
    """Returns what the kernel returns, or the name of its errno."""
    ctypes.set_errno(0)
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = libc.syscall(ctypes.c_long(generic if arm else x86), *wide)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

paths = """/proc/kcore /proc/kallsyms /proc/keys /proc/timer_list /proc/timer_stats /proc/config.gz /proc/sched_debug
/proc/latency_stats /proc/interrupts /proc/iomem /proc/ioports /proc/modules /proc/cmdline /proc/kmsg /proc/slabinfo
/proc/vmallocinfo /proc/pagetypeinfo /proc/kpageflags /proc/kpagecount /proc/acpi /proc/scsi /proc/asound /dev/mem
/dev/kmsg /dev/port /sys/firmware /sys/kernel/notes /sys/kernel/debug /sys/kernel/tracing /sys/kernel/security
/sys/kernel/vmcoreinfo /sys/module /boot /lib/modules""".split()
if sys.argv[2] == "control":
    paths.append("/proc/version")


def content(path):
    try:
        if os.path.isdir(path):
            return len(os.listdir(path))
        with open(path, "rb", buffering=0) as file:
            text = file.read(4096) or b""
            # gVisor's own, which tells of no host.
            return 0 if b"-gvisor" in text else len(text)
    except OSError:
        return 0


found = [path for path in paths if content(path)]
SIZE_BUFFER = 10
log = call(103, 116, SIZE_BUFFER, None, 0)
if log not in ("EPERM", "ENOSYS"):
    found.append("the kernel's log")
saw = f"{', '.join(found) or 'nothing'} of {len(paths)} paths and the log ({log})"
print(json.dumps({"reached": bool(found), "saw": saw}))
