"""Between two cells: ends and removes whatever the one before left, and looks again.

What cannot be removed is told, and a sandbox of which something is told is thrown away.
"""

import gc
import os
import stat

import beneath
import processes
import removal

# Every place in which a cell can write.
_PLACES = (beneath.ROOT, "/tmp", "/dev/shm")
# The namespace's own; each begins with a line of names.
_QUEUES = ("/proc/sysvipc/msg", "/proc/sysvipc/sem", "/proc/sysvipc/shm")
_SOCKETS = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "packet")
_MAX_TOLD = 20
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Wipe:
    """Made while the first cell waits, which is how the next ones must find the launcher."""

    def __init__(self, household):
        self._household = household
        self._descriptors = _descriptors()
        self._modes = {place: _mode(place) for place in _PLACES}

    def steps(self):
        """Yields None now and then, and last {"residue": [...]}; where that is empty the next cell waits."""
        # A launcher that serves one run has no use for it; one that lives on must not grow.
        gc.enable()
        while self._household.reap():
            processes.kill_all()
            yield None
        residue = []
        for place, mode in self._modes.items():
            try:
                yield from _empty(place, mode)
            except OSError as error:
                residue.append(f"{place}: {error.strerror or error}")
        residue += self._household.strangers() + _looked_for(self._modes)
        if not residue:
            residue += self._next()
        yield {"residue": residue[:_MAX_TOLD]}, b""


    def _next(self):
        """Parks the next cell; returns what speaks against it."""
        try:
            self._household.park()
        except OSError as error:
            return [f"no next cell: {error.strerror or error}"]
        return ["descriptors of the launcher"] if _descriptors() != self._descriptors else []


def _empty(place, mode):
    # The place's own mode is the cell's to change.
    os.chmod(place, mode)
    folder = os.open(place, _OPEN_FOLDER)
    try:
        for _ in removal.empty(folder):
            yield None
        for name in os.listxattr(folder):
            os.removexattr(folder, name)
        # When something was last written in it is nothing for the next one to know.
        os.utime(folder, (0, 0))
    finally:
        os.close(folder)


def _looked_for(modes):
    """What is there that should not be, in words."""
    found = []
    for place, mode in modes.items():
        if os.listdir(place) or os.listxattr(place) or _mode(place) != mode:
            found.append(f"{place} is not as it was")
    for table in _QUEUES:
        found += [f"{table} has entries"] if _lines(table) > 1 else []
    for table in _SOCKETS:
        # Also a connection that is over and only waits: its port is taken for the next one.
        found += [f"sockets of {table}"] if _lines(f"/proc/net/{table}") > 1 else []
    if any(line.split()[7:] for line in _read("/proc/net/unix")[1:]):
        found.append("a named socket")
    return found


def _mode(place):
    return stat.S_IMODE(os.stat(place).st_mode)


def _lines(path):
    return len(_read(path))


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        # A kernel without this kind has none of it.
        return []


def _descriptors():
    return len(os.listdir("/proc/self/fd"))
