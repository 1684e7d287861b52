"""One child: forked before its action is known, stripped of rights, parked, used once.

Its one use is a run in a process of its own, or to be a session's interpreter.
"""

import fcntl
import gc
import os
import resource
import select
import signal
import sys

import _socket
import beneath
import confine
import interpreter
import processes
import session
from report import Report

# A child that is not confined by then never gets an action.
_CONFINED_MS = 2000


class Forked(BaseException):
    """Raised in the child, to unwind the launcher's stack: user code runs near the bottom of it."""

    def __init__(self, cell):
        self.cell = cell


class Cell:
    """The launcher's view of the child; in the child itself, `run` is the whole life."""

    def __init__(self, expendable, ruleset, early=False):
        """Forks, and returns in the launcher when the child is confined. In the child, raises Forked.

        `early`: nobody waits yet. Raises OSError when the sandbox has no room for another process or
        the child could not be confined.
        """
        self.pid = self.pidfd = None
        self.report = Report()
        self._early = early
        # Code of the session may have taken its own rights to its workspace away.
        os.close(beneath.open_folder([], beneath.WRITE))
        go_read, self.go = os.pipe()
        confined_read, confined_write = os.pipe()
        stdin_read, self.stdin = os.pipe()
        self.stdout, stdout_write = os.pipe()
        self.stderr, stderr_write = os.pipe()
        mine, its = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        # Numbers, not objects: in the child, an object that goes away would close a number of the user's.
        self.channel, its = mine.detach(), its.detach()
        try:
            self.pid = expendable.fork()
            if self.pid == 0:
                streams = (stdin_read, stdout_write, stderr_write)
                self.go, self.channel = _enter(go_read, its, confined_write, streams, ruleset)
                raise Forked(self)
        except OSError:
            os.close(confined_read)
            self.close()
            raise
        finally:
            if self.pid != 0:
                for fd in (go_read, confined_write, stdin_read, stdout_write, stderr_write, its):
                    os.close(fd)
        for fd in (self.go, self.channel, self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self.pidfd = os.pidfd_open(self.pid)
        self._await_confined(confined_read)

    def _await_confined(self, confined):
        poller = select.poll()
        poller.register(confined, select.POLLIN)
        said = os.read(confined, 1) if poller.poll(_CONFINED_MS) else b""
        os.close(confined)
        if said != b"!":
            processes.kill(self.pid)
            try:
                reason = os.read(self.stderr, 4096).decode("utf-8", "replace")
            except BlockingIOError:
                reason = "it was not ready in time"
            self.close()
            raise OSError(11, f"the cell could not be confined: {reason}")

    def close(self):
        """In the launcher: gives all descriptors back. Those that were given away are None."""
        for name in ("go", "channel", "stdin", "stdout", "stderr", "pidfd"):
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

    def run(self, bare):
        """In the child: waits for the action, runs it, returns the exit status.

        `bare` names the modules that an interpreter has imported before any program runs.
        """
        if self._early:
            interpreter.rehearse()
        head, code = interpreter.read_action(self.go)
        if head["mode"] == "session":
            return session.live(head, self, bare)
        os.close(self.go)
        os.close(self.channel)
        return interpreter.run(head, code, self.report, bare)


def _enter(*args):
    """In the child, right after the fork: see `_confine`. A child that fails must not live on as a launcher."""
    try:
        return _confine(*args)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)


def _confine(go, channel, confined, streams, ruleset):
    """Gives up everything that user code must not have.

    Returns the numbers at which it has `go` and `channel`: high ones, out of the way of user code.
    """
    os.setsid()
    # Held back until the user's code can be interrupted.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, fd in enumerate(streams):
        os.dup2(fd, target)
    high = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1024) - 8
    go, channel, confined = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, high) for fd in (go, channel, confined))
    os.chdir(beneath.ROOT)
    if ruleset is not None:
        confine.restrict(ruleset)
    os.write(confined, b"!")
    os.closerange(3, high)
    os.close(confined)
    os.closerange(max(go, channel, confined) + 1, 1 << 16)
    gc.enable()
    return go, channel
