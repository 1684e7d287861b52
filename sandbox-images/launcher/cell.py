"""A cell as the launcher has it: forked before its action is known, confined, parked, used once. See inside.py."""

import json
import os
import select

import _socket
import beneath
import channel
import processes
from denials import Denials

# What a confined child says of itself has at most this.
_MAX_TOLD = 1 << 14
# A child that is not confined by then never gets an action.
_CONFINED_MS = 2000


class Cell:
    def __init__(self, origin, early=False, first=False):
        """Returns in the launcher when the child is confined. In the child, Forked is raised.

        `origin`: what forks, see origin.py. `early`: nobody waits yet. `first`: it tells of itself. Raises OSError
        when the sandbox has no room for another process or the child could not be confined.
        """
        self.pid = self.pidfd = self.listener = self.told = None
        self.report = origin.new_report()
        # The kernel asks about what is denied.
        self.reports = False
        # To its one run; to an interpreter since its last run, for what it left going on.
        self.denials = Denials()
        # Code of the session may have taken its own rights to its workspace away.
        os.close(beneath.open_folder([], beneath.WRITE))
        go_read, self.go = os.pipe()
        confined_read, confined_write = os.pipe()
        stdin_read, self.stdin = os.pipe()
        self.stdout, stdout_write = os.pipe()
        self.stderr, stderr_write = os.pipe()
        mine, its = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        self.channel, its = mine.detach(), its.detach()
        ends = (go_read, its, confined_write, stdin_read, stdout_write, stderr_write)
        try:
            self.pid = origin.fork(ends, self.report, early, first)
        except OSError:
            os.close(confined_read)
            self.close()
            raise
        finally:
            # In the child Forked goes through here, and these numbers are not its own any more.
            if os.getpid() == 1:
                for fd in ends:
                    os.close(fd)
        for fd in (self.go, self.channel, self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self.pidfd = processes.open_pidfd(self.pid)
        self._await_confined(confined_read)

    def _await_confined(self, confined):
        poller = select.poll()
        poller.register(confined, select.POLLIN)
        said = os.read(confined, _MAX_TOLD) if poller.poll(_CONFINED_MS) else b""
        os.close(confined)
        try:
            if not said:
                raise OSError(11, f"the cell could not be confined: {self._last_words()}")
            self.told = json.loads(said)
            if self.told["listener"]:
                self.listener = channel.receive_descriptor(self.channel)
                self.reports = True
        except OSError:
            processes.kill(self.pid)
            self.close()
            raise

    def _last_words(self):
        try:
            return os.read(self.stderr, 4096).decode("utf-8", "replace")
        except BlockingIOError:
            return "it was not ready in time"

    def close(self):
        """In the launcher: gives all descriptors back. Those that were given away are None."""
        for name in ("go", "channel", "stdin", "stdout", "stderr", "pidfd", "listener"):
            self.close_one(name)

    def close_one(self, name):
        fd = getattr(self, name)
        if fd is not None:
            setattr(self, name, None)
            os.close(fd)

    def give(self, name):
        """Returns a descriptor that is somebody else's to close from here on."""
        fd = getattr(self, name)
        setattr(self, name, None)
        return fd
