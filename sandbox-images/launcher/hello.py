"""What the launcher tells of its sandbox when it is ready: facts seen from inside."""

import os
import platform
import time

import cgroup
import confine


def hello(preloaded, landlock, started, orphan_ms):
    with open("/proc/self/status", encoding="ascii") as file:
        status = dict(line.rstrip().split(":\t", 1) for line in file if ":\t" in line)
    return {
        "python": platform.python_version(),
        "preloaded": preloaded,
        "readyMs": round((time.monotonic() - started) * 1000, 3),
        "orphanMs": orphan_ms,
        "cgroup": 2 if cgroup.V2 else 1,
        "controls": {
            "uid": os.getuid(),
            "seccomp": int(status.get("Seccomp", "0")),
            "noNewPrivileges": status.get("NoNewPrivs") == "1",
            "capabilities": status.get("CapBnd", "?").strip("0") == ""
            and status.get("CapEff", "?").strip("0") == "",
            "readOnlyRoot": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
            "landlock": confine.landlock_abi() if landlock else 0,
            "interfaces": sorted(os.listdir("/sys/class/net")),
            "cpus": sorted(os.sched_getaffinity(0)),
            **cgroup.limits(),
        },
    }
