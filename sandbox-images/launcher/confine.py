"""What the launcher and the parked child give up before a byte of user code arrives.

Everything here only takes away. The kernel keeps it for all descendants. See landlock.py and filters.py too.
"""

import ctypes
import os
import resource

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE, _PR_GET_NO_NEW_PRIVS = 3, 4, 39
_MADV_POPULATE_WRITE = 23
# Without effect in Linux, inherited by all descendants, readable from outside, and the hard limit only
# ever goes down: a mark that no process can take off.
_RLIMIT_LOCKS = 10


def set_dumpable(value):
    if _libc.prctl(_PR_SET_DUMPABLE, int(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_DUMPABLE")


def is_dumpable():
    return _libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0


def gains_no_privileges():
    return _libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1


def call(number, *args):
    """A system call by its number; raises OSError."""
    result = _libc.syscall(number, *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


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


def expendable_again():
    """For a process that was forked off while hidden, before anybody's code is there: its own file is another."""
    set_dumpable(True)
    expendable = Expendable()
    hide()
    return expendable


def hide():
    """Same uid is no way in: no ptrace, no /proc/<pid>/{mem,fd,environ}, no core of this process."""
    set_dumpable(False)


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


def _can_mark_by_locks():
    try:
        resource.setrlimit(_RLIMIT_LOCKS, resource.getrlimit(_RLIMIT_LOCKS))
    except (OSError, ValueError):
        return False
    return True


# gVisor lets nobody change the limit of locks. There the mark is so much address space that no program has it.
MARKS_BY_LOCKS = _can_mark_by_locks()
ADDRESS_SPACE_SHIFT = 16


def mark(number):
    """Marks the calling process and all that will descend from it; see processes.py for who reads it."""
    if MARKS_BY_LOCKS:
        resource.setrlimit(_RLIMIT_LOCKS, (number, number))
    else:
        space = number << ADDRESS_SPACE_SHIFT
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
