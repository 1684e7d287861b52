"""Reads the sandbox's own cgroup counters: evidence that user code can't write to.

Knows cgroup v1 (one folder for each controller) and v2 (one folder). A counter that
this host doesn't have reads as None and is reported so, never as 0.
"""

import os
import resource

ROOT = "/sys/fs/cgroup"
V2 = os.path.exists(f"{ROOT}/cgroup.controllers")
_open_files = {}


def _read(path):
    # Descriptors stay open: these files are read while the sandbox's limits bite.
    try:
        fd = _open_files.get(path)
        if fd is None:
            fd = _open_files[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        return os.pread(fd, 4096, 0).decode("ascii", "replace")
    except OSError:
        return None


def _number(path):
    text = _read(path)
    return int(text) if text is not None and text.strip().isdigit() else None


def _field(path, name):
    for line in (_read(path) or "").splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return None


def cpu_ns():
    """CPU time of all processes of the sandbox so far, in nanoseconds."""
    if V2:
        micros = _field(f"{ROOT}/cpu.stat", "usage_usec")
        return None if micros is None else micros * 1000
    return _number(f"{ROOT}/cpuacct/cpuacct.usage")


def memory_peak_bytes():
    return _number(f"{ROOT}/memory.peak" if V2 else f"{ROOT}/memory/memory.max_usage_in_bytes")


def oom_kills():
    """How many processes the kernel killed because the sandbox hit its memory limit."""
    return _field(f"{ROOT}/memory.events" if V2 else f"{ROOT}/memory/memory.oom_control", "oom_kill")


def refused_forks():
    """How many forks and thread starts the process limit refused."""
    return _field(f"{ROOT}/pids.events" if V2 else f"{ROOT}/pids/pids.events", "max")


def limits():
    """The limits the kernel has for this sandbox, for the service to compare with the policy."""
    return {
        "memoryBytes": _number(f"{ROOT}/memory.max" if V2 else f"{ROOT}/memory/memory.limit_in_bytes"),
        "swapBytes": _swap_bytes(),
        "processes": _processes(),
    }


def _processes():
    """Where the cgroup shows none: the bound of the sandbox's user, which gVisor goes by."""
    limit = _number(f"{ROOT}/pids.max" if V2 else f"{ROOT}/pids/pids.max")
    if limit is not None:
        return limit
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    return None if hard == resource.RLIM_INFINITY else hard


def _swap_bytes():
    """Swap that the sandbox may use; 0 also where the machine has none to give."""
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        if any(line.split()[:2] == ["SwapTotal:", "0"] for line in meminfo):
            return 0
    if V2:
        return _number(f"{ROOT}/memory.swap.max")
    both = _number(f"{ROOT}/memory/memory.memsw.limit_in_bytes")
    memory = _number(f"{ROOT}/memory/memory.limit_in_bytes")
    return None if both is None or memory is None else both - memory
