"""What the parked child gives up before a byte of user code arrives.

Everything here only takes away. The kernel keeps it for all descendants.
"""

import ctypes
import os
import resource
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

PR_SET_DUMPABLE = 4
_MADV_POPULATE_WRITE = 23

# The generic numbers: the same on x86_64 and aarch64.
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1, 2

_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

READ_EXECUTE = ("/usr", "/bin", "/lib", "/lib64", "/opt/python-packages")
READ = ("/etc", "/proc", "/sys/devices/system/cpu", "/sys/fs/cgroup")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
WRITE = ("/workspace", "/tmp", "/dev/shm")


def prctl(option, value):
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def _syscall(number, *args):
    result = _libc.syscall(number, *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"syscall {number}")
    return result


def landlock_abi():
    """The kernel's Landlock version, 0 where it has none."""
    try:
        return _syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    except OSError:
        return 0


def create_ruleset():
    """Returns a descriptor of the rules that `restrict` puts in force, or None without Landlock.

    Made once, ahead of time, in the launcher: the child only has to enter it.
    """
    abi = landlock_abi()
    if abi == 0:
        return None
    handled = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)) - 1
    # Loopback TCP stays allowed (handled_access_net 0): the network namespace has nothing else.
    scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if abi >= 6 else 0
    attributes = struct.pack("=QQQ", handled, 0, scoped)
    size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(abi, 24)
    ruleset = _syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    writable = handled & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
    for paths, rights in (
        (READ_EXECUTE, _READ | _EXECUTE),
        (READ, _READ),
        (DEVICES, _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV),
        (WRITE, writable),
    ):
        for path in paths:
            _add_rule(ruleset, path, rights & handled)
    return ruleset


def _add_rule(ruleset, path, rights):
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, fd)
        _syscall(_LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(fd)


def restrict(ruleset):
    _syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)


def be_first_out_of_memory():
    """Makes the kernel choose the cell, never the launcher, when the sandbox is out of memory."""
    # The file belongs to root while the process is not dumpable, so it is for a moment.
    prctl(PR_SET_DUMPABLE, 1)
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    prctl(PR_SET_DUMPABLE, 0)


def hide():
    """Same uid is no way in: no ptrace, no /proc/<pid>/{mem,fd,environ}, no core of this process."""
    prctl(PR_SET_DUMPABLE, 0)


def populate(address, length):
    """Makes private pages the process's own now; a kernel that can't (before 5.14) does it at first write."""
    _libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), _MADV_POPULATE_WRITE)


def set_limits(limits):
    """Puts a run's own limits on the calling process; each can only go down."""
    for name, value in limits.items():
        which = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(which, (value, value))
