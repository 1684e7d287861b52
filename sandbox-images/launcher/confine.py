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
# Without effect in Linux, inherited by all descendants, readable from outside, and the hard limit only
# ever goes down: a mark that no process can take off.
_RLIMIT_LOCKS = 10

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


class Expendable:
    """Makes the kernel choose the cell, never the launcher, when the sandbox is out of memory.

    A fork inherits the badness of its parent, so the launcher takes it on for that moment. The child
    can't do it for itself: its file is root's while it is not dumpable, and it must be that from its
    first moment, since code of the same user may be running beside it.
    """

    def __init__(self):
        # Made before `hide`, which would take this file away.
        self._file = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
        self._own = os.pread(self._file, 16, 0)

    def fork(self):
        os.write(self._file, b"1000")
        try:
            pid = os.fork()
        except BaseException:
            os.write(self._file, self._own)
            raise
        if pid != 0:
            os.write(self._file, self._own)
        return pid


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


def mark(number):
    """Marks the calling process and all that will descend from it; see processes.py for who reads it."""
    resource.setrlimit(_RLIMIT_LOCKS, (number, number))
