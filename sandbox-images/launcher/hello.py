"""What the launcher tells of its sandbox when it is ready: facts seen from inside.

Those of the cell are what the first one said of itself when it was confined, before any code could have come.
"""

import os
import platform
import resource
import time

import cgroup
import confine


def hello(preloaded, rights, cell, started, orphan_ms):
    status = read_status(open_status())
    own = _filters(status)
    told = cell.told
    filters = _filters(told["status"])
    if own is None or filters is None:
        # This kernel doesn't number filters; what it said to the one who put them on stands in.
        own, filters = 0, told["filters"]
    return {
        "python": platform.python_version(),
        "preloaded": preloaded,
        "readyMs": round((time.monotonic() - started) * 1000, 3),
        "orphanMs": orphan_ms,
        "cgroup": 2 if cgroup.V2 else 1,
        "controls": {
            "uid": os.getuid(),
            "seccomp": int(status.get("Seccomp", "0")),
            "noNewPrivileges": confine.gains_no_privileges(),
            "capabilities": status.get("CapBnd", "?").strip("0") == ""
            and status.get("CapEff", "?").strip("0") == "",
            "readOnlyRoot": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
            "landlock": rights.landlock_abi,
            "interfaces": _interfaces(),
            "cpus": sorted(os.sched_getaffinity(0)),
            **cgroup.limits(),
        },
        "cell": {
            "filters": filters,
            "filtersOfLauncher": own,
            "reportsDenied": cell.listener is not None,
            **told["facts"],
        },
    }


def _interfaces():
    with open("/proc/net/dev", encoding="ascii") as file:
        # Two lines are the table's head.
        return sorted(line.partition(":")[0].strip() for line in file.readlines()[2:])


def open_status():
    """A file that tells of whoever opened it, whenever it is read."""
    return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)


def facts_of_cell(rights):
    """In the cell, before its filter is on."""
    return {
        "landlock": rights.ruleset is not None,
        "scope": rights.ruleset.scope if rights.ruleset is not None else [],
        "dumpable": confine.is_dumpable(),
        "openFiles": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "fileBytes": resource.getrlimit(resource.RLIMIT_FSIZE)[0],
        "coreBytes": resource.getrlimit(resource.RLIMIT_CORE)[0],
    }


def read_status(fd):
    """Returns the fields by name, and closes the file."""
    text = os.read(fd, 1 << 16).decode("ascii", "replace")
    os.close(fd)
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _filters(status):
    number = status.get("Seccomp_filters")
    return int(number) if number is not None else None
