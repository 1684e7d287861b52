# ---
# id: 120
# name: missing-bounds
# title: Look for a bound that isn't there
# class: resources
# techniques: [T1082, T1499]
# defences: [memory, processes, file_limits, read_only_root, not_dumpable]
# control:
#   without: [file_limits]
# notFor: { runsc: "gVisor's kernel does not show the bounds that are put on it from outside" }
# ---
"""An attacker asks what there is to use up before using it up: memory, processes, files, a root to write to, and
whether others of the same user may look into this process.
"""
import ctypes
import json
import resource

PR_GET_DUMPABLE = 3
UNBOUNDED = 2**60


def read(*paths):
    for path in paths:
        try:
            with open(path) as file:
                return file.read().strip()
        except OSError:
            continue
    return None


def bounded(text):
    return text is not None and text.isdigit() and int(text) < UNBOUNDED


cgroup = "/sys/fs/cgroup"
memory = read(f"{cgroup}/memory.max", f"{cgroup}/memory/memory.limit_in_bytes")
processes = read(f"{cgroup}/pids.max", f"{cgroup}/pids/pids.max")
with open("/proc/self/mountinfo") as mounts:
    root = next(line.split()[5] for line in mounts if line.split()[4] == "/")
limits = {
    "size of a file": resource.getrlimit(resource.RLIMIT_FSIZE)[1],
    "open files": resource.getrlimit(resource.RLIMIT_NOFILE)[1],
}
gaps = [name for name, value in limits.items() if value == resource.RLIM_INFINITY or value > UNBOUNDED]
gaps += ["memory"] if not bounded(memory) else []
gaps += ["processes"] if not bounded(processes) else []
gaps += ["core dumps"] if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0 else []
gaps += ["read-only root"] if "ro" not in root.split(",") else []
gaps += ["not dumpable"] if ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) > 0 else []
saw = f"without a bound: {', '.join(gaps) or 'none'}; {memory} bytes, {processes} processes, root {root}"
print(json.dumps({"reached": bool(gaps), "saw": saw}))
