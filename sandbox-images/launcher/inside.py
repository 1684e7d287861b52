"""A cell as it is in the child: stripped of rights right after the fork, parked, used once.

Its one use is a run in a process of its own, or to be a session's interpreter.
"""

import fcntl
import gc
import json
import os
import resource
import signal
import sys

import beneath
import confine
import hello
import interpreter
import session


class Forked(BaseException):
    """Raised in the child, to unwind the launcher's stack: user code runs near the bottom of it."""

    def __init__(self, cell):
        self.cell = cell


class Inside:
    """`run` is its whole life."""

    def __init__(self, ends, rights, report, early, first):
        """Right after the fork. `ends`: descriptors of go, channel, confined, stdin, stdout and stderr, as numbers:
        an object that goes away would close a number of the user's. See `Cell` for the rest."""
        self.report = report
        self._early = early
        self._clock = rights.clock
        self.go, self.channel = _enter(*ends[:3], ends[3:], rights, first)

    def run(self, bare):
        """In the child: waits for the action, runs it, returns the exit status.

        `bare` names the modules that an interpreter has imported before any program runs.
        """
        if self._early:
            interpreter.rehearse()
        head, code = interpreter.read_action(self.go)
        if self._clock is not None:
            import clock

            clock.stand_still(self._clock)
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


def _confine(go, channel, confined, streams, rights, first):
    """Gives up everything that user code must not have.

    Returns the numbers at which it has `go` and `channel`: high ones, out of the way of user code.
    """
    os.setsid()
    # Held back until the user's code can be interrupted.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, fd in enumerate(streams):
        os.dup2(fd, target)
    os.chdir(beneath.ROOT)
    confine.set_limits(rights.limits)
    confine.set_dumpable(rights.dumpable)
    kept = [go, channel, confined] + ([hello.open_status()] if first else [])
    if rights.ruleset is not None:
        rights.ruleset.enter()
    high = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1024) - 8
    kept = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, high) for fd in kept]
    os.closerange(3, high)
    os.closerange(max(kept) + 1, 1 << 16)
    go, channel, confined, *status = kept
    told = {"facts": hello.facts_of_cell(rights)} if first else {}
    gc.enable()
    # From here on nothing is called but what every program has to: read, write, close.
    told |= {"listener": False, "filters": 0}
    if rights.filters is not None:
        told |= {"listener": rights.filters.put_on(channel), "filters": rights.filters.COUNT}
    if first:
        told["status"] = hello.read_status(*status)
    os.write(confined, json.dumps(told).encode())
    os.close(confined)
    return go, channel
