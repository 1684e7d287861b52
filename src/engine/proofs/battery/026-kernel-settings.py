# ---
# id: 26
# name: kernel-settings
# title: Write to the kernel's settings in /proc, /sys and the control groups
# class: files
# techniques: [T1611]
# defences: [read-only and masked paths, landlock, not_dumpable, non_root]
# control:
#   without: [landlock, not_dumpable]
# ---
"""core_pattern and release_agent name a program that the host runs as root. Files are opened, never written to."""
import errno
import glob
import json
import os

paths = [
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hostname",
    "/proc/sys/vm/panic_on_oom",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/sysrq-trigger",
    "/proc/irq/default_smp_affinity",
    "/proc/1/oom_score_adj",
    "/proc/self/uid_map",
    "/proc/self/oom_score_adj",
    "/proc/self/coredump_filter",
    "/sys/kernel/uevent_helper",
    "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/power/state",
]
for name in ("release_agent", "notify_on_release", "cgroup.procs", "memory.max", "memory.limit_in_bytes", "pids.max"):
    paths += glob.glob(f"/sys/fs/cgroup/**/{name}", recursive=True)
opened, refusals = [], {}
for path in paths:
    try:
        os.close(os.open(path, os.O_WRONLY))
        opened.append(path)
    except OSError as error:
        name = errno.errorcode[error.errno]
        refusals[name] = refusals.get(name, 0) + 1
counts = ", ".join(f"{name} {count} times" for name, count in sorted(refusals.items()))
print(json.dumps({"reached": bool(opened), "saw": f"opened {', '.join(opened) or 'none'} of {len(paths)}; {counts}"}))
