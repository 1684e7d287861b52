"""The processes of the sandbox as PID 1 sees them: who ended, whose they are, and how they are killed."""

import errno
import os
import signal

import confine

# A run's mark is this less its number, so that later runs have lower ones. Nobody else is below it.
FIRST_MARK = 1 << 30


def mark_of(run_number):
    return FIRST_MARK - run_number


def open_pidfd(pid):
    """Ready when the process has ended; None where the kernel (gVisor's) has no such thing."""
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        return None


def kill_all():
    """From PID 1 this reaches every other process of the namespace, also one that forks just now."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def reap():
    """Yields (pid, status, usage) of every process that has ended; (0, 0, None) last where others live."""
    while True:
        try:
            ended = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended[0] == 0:
            yield 0, 0, None
            return
        yield ended


def living():
    """The pids of all other processes of the namespace, those that wait to be reaped included."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit()} - {1}


def kill_marked(mark):
    """Kills what bears this mark or a lower one; returns the pids that did. What bears none is left alone."""
    found = [pid for pid in living() if _mark(pid) <= mark]
    for pid in found:
        kill(pid)
    return found


def _mark(pid):
    """A process that has ended has no limits any more and counts as not marked."""
    try:
        with open(f"/proc/{pid}/limits", "rb", buffering=0) as file:
            text = file.read(4096)
    except (FileNotFoundError, ProcessLookupError):
        return FIRST_MARK
    # "Max file locks   <soft>   <hard>   locks"
    by_locks = confine.MARKS_BY_LOCKS
    _, _, line = text.partition(b"Max file locks" if by_locks else b"Max address space")
    words = line.split(None, 2)
    if len(words) < 2 or not words[1].isdigit():
        return FIRST_MARK
    return int(words[1]) >> (0 if by_locks else confine.ADDRESS_SPACE_SHIFT)
