"""Meets every bound of its sandbox but those that end a run, and prints what it saw as one line of JSON.

argv[1] is the policy's limits. Each observation has its control beside it: what is below the bound, and works.
"""

import ctypes
import errno
import json
import os
import select
import socket
import sys
import time

LIMITS = json.loads(sys.argv[1])
MIB = 1 << 20
TEST_NET = "192.0.2.1"
METADATA = "169.254.169.254"
AF_ALG = 38
CLONE_NEWUSER = 0x10000000


def refusal(action):
    """The name of the error that the action ends with; None where it succeeds."""
    try:
        action()
    except TimeoutError:
        # One of Python's own has no errno.
        return "ETIMEDOUT"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return None


def no_errno(result):
    """For calls of the C library that answer -1."""
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def cores():
    return {"affinity": len(os.sched_getaffinity(0)), "count": os.cpu_count()}


def spin(workers, seconds):
    """The CPU time of more spinning processes than there are cores, against the wall time they took."""
    started = time.monotonic()
    pids = []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            while time.monotonic() - started < seconds:
                pass
            os._exit(0)
        pids.append(pid)
    used = 0.0
    for pid in pids:
        _, _, usage = os.wait4(pid, 0)
        used += usage.ru_utime + usage.ru_stime
    return {"workers": workers, "cpuSeconds": used, "wallSeconds": time.monotonic() - started}


def processes():
    """Forks until it is refused; what was forked waits for the end of a pipe."""
    read, write = os.pipe()
    pids, refused = [], None
    while len(pids) < LIMITS["processes"] + 16:
        try:
            pid = os.fork()
        except OSError as error:
            refused = errno.errorcode.get(error.errno)
            break
        if pid == 0:
            os.close(write)
            select.select([read], [], [])
            os._exit(0)
        pids.append(pid)
    os.close(write)
    os.close(read)
    for pid in pids:
        os.waitpid(pid, 0)
    return {"made": len(pids), "refused": refused}


def open_files():
    made, refused = [], None
    while len(made) < LIMITS["openFiles"] + 16:
        try:
            made.append(os.dup(0))
        except OSError as error:
            refused = errno.errorcode.get(error.errno)
            break
    for fd in made:
        os.close(fd)
    return {"made": len(made), "refused": refused}


def file_size():
    path = "/workspace/large"
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    bound = LIMITS["fileSizeMiB"] * MIB
    below = refusal(lambda: os.pwrite(fd, b"x", bound - 1))
    above = refusal(lambda: os.pwrite(fd, b"x", bound))
    os.close(fd)
    os.unlink(path)
    return {"below": below, "above": above}


def fill(folder, bound_mib):
    """Writes until it is refused, in files that are each below the bound of a file."""
    chunk = bytes(MIB // 4)
    paths, written, refused = [], 0, None
    fd = None
    while refused is None and written <= (bound_mib + 4) * MIB:
        if fd is None or written % (LIMITS["fileSizeMiB"] * MIB) == 0:
            if fd is not None:
                os.close(fd)
            paths.append(f"{folder}/fill-{len(paths)}")
            fd = os.open(paths[-1], os.O_CREAT | os.O_WRONLY)
        try:
            written += os.write(fd, chunk)
        except OSError as error:
            refused = errno.errorcode.get(error.errno)
    os.close(fd)
    for path in paths:
        os.unlink(path)
    return {"bytes": written, "refused": refused}


def inodes(folder):
    made, refused = 0, None
    while made < LIMITS["inodes"] + 16:
        try:
            os.close(os.open(f"{folder}/inode-{made}", os.O_CREAT | os.O_WRONLY))
        except OSError as error:
            refused = errno.errorcode.get(error.errno)
            break
        made += 1
    for number in range(made):
        os.unlink(f"{folder}/inode-{number}")
    return {"made": made, "refused": refused}


def connect(address):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside:
        outside.settimeout(0.5)
        outside.connect((address, 80))


def loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname(), timeout=1).close()


def interfaces():
    with open("/proc/net/dev", encoding="ascii") as file:
        return sorted(line.split(":")[0].strip() for line in file if ":" in line)


def outside_of_rights():
    library = ctypes.CDLL(None, use_errno=True)
    return {
        "rootFile": refusal(lambda: open("/posture", "wb").close()),
        "ownFile": refusal(lambda: open("/workspace/posture", "wb").close()),
        "setuid": refusal(lambda: os.setuid(0)),
        "launcher": refusal(lambda: open("/proc/1/environ", "rb").close()),
        "ownEnviron": refusal(lambda: open("/proc/self/status", "rb").close()),
        "unshare": refusal(lambda: no_errno(library.unshare(CLONE_NEWUSER))),
        "afAlg": refusal(lambda: socket.socket(AF_ALG, socket.SOCK_SEQPACKET).close()),
        "unix": refusal(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()),
    }


def host():
    with open("/proc/meminfo", encoding="ascii") as file:
        swap = next((int(line.split()[1]) * 1024 for line in file if line.startswith("SwapTotal:")), None)
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        lines = file.read().splitlines()
    unified = any(line.startswith("0::") for line in lines)
    others = any(not line.startswith("0::") and ":name=" not in line for line in lines)
    version = {(True, True): "hybrid", (True, False): "2", (False, True): "1"}.get((unified, others))
    return {"swapBytes": swap, "cgroup": version}


FOLDERS = {"/workspace": "workspaceMiB", "/tmp": "tmpMiB", "/dev/shm": "sharedMemoryMiB"}

OBSERVE = {
    "cores": cores,
    "spin": lambda: spin(LIMITS["cpus"] + 1, 0.15),
    "openFiles": open_files,
    "fileSize": file_size,
    "fill": lambda: {folder: fill(folder, LIMITS[name]) for folder, name in FOLDERS.items()},
    "inodes": lambda: {folder: inodes(folder) for folder in FOLDERS},
    "network": lambda: {
        "interfaces": interfaces(),
        "socket": refusal(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
        "outside": refusal(lambda: connect(TEST_NET)),
        "metadata": refusal(lambda: connect(METADATA)),
        "loopback": refusal(loopback),
    },
    "rights": outside_of_rights,
    "host": host,
    # Last: what it makes takes a moment to be gone.
    "processes": processes,
}

seen = {}
for name, observe in OBSERVE.items():
    try:
        seen[name] = observe()
    except Exception as error:
        seen[name] = {"error": f"{type(error).__name__}: {error}"}
print(json.dumps(seen))
