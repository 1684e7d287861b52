"""The processes of the sandbox as PID 1 sees them: who ended, whose they are, and how they are killed."""

import os
import signal

# A run's mark is this less its number, so that later runs have lower ones. Nobody else is below it.
FIRST_MARK = 1 << 30


def mark_of(run_number):
    return FIRST_MARK - run_number


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


def kill_marked(mark):
    """Kills what bears this mark or a lower one; returns the pids that did. What bears none is left alone."""
    found = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid != 1 and _mark(pid) <= mark]
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
    _, _, line = text.partition(b"Max file locks")
    words = line.split(None, 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else FIRST_MARK
