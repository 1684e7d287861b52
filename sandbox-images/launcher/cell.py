"""One single-use child: forked before its action is known, stripped of rights, parked, used once."""

import gc
import json
import os
import signal

import confine
import interpreter
import workspace
from report import Report


class Cell:
    """The launcher's view of the child; in the child itself, `run` is the whole life."""

    def __init__(self, ruleset):
        """Forks, and returns when the child is confined; `pid` is 0 in the child, which goes on to `run`.

        Raises RuntimeError in the launcher when the child could not be confined.
        """
        self.report = Report()
        go_read, self._go = os.pipe()
        confined_read, confined_write = os.pipe()
        stdin_read, self.stdin = os.pipe()
        self.stdout, stdout_write = os.pipe()
        self.stderr, stderr_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._go = go_read
            _enter(go_read, confined_write, (stdin_read, stdout_write, stderr_write), ruleset)
            return
        for fd in (go_read, confined_write, stdin_read, stdout_write, stderr_write):
            os.close(fd)
        if os.read(confined_read, 1) != b"!":
            reason = os.read(self.stderr, 4096).decode("utf-8", "replace")
            raise RuntimeError(f"the cell could not be confined: {reason}")
        os.close(confined_read)
        for fd in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        self.pidfd = os.pidfd_open(self.pid)

    def start(self, head, code):
        """Hands the action over: head is {args, env, seed, limits}, code is source bytes."""
        body = json.dumps(head).encode()
        # A parked child reads at once, so this does not block for longer than the copy takes.
        with open(self._go, "wb") as go:
            go.write(interpreter.HEADER.pack(len(body)) + body + code)

    def run(self, bare):
        """In the child: waits for the action, runs it, returns the exit status.

        `bare` names the modules that an interpreter has imported before any program runs.
        """
        interpreter.rehearse()
        with open(self._go, "rb") as go:
            head, source = interpreter.read_action(go)
        return interpreter.run(head, source, self.report, bare)


def _enter(go, confined, streams, ruleset):
    """In the child, right after the fork: gives up everything that user code must not have."""
    os.setsid()
    for target, fd in enumerate(streams):
        os.dup2(fd, target)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(workspace.ROOT)
    confine.be_first_out_of_memory()
    if ruleset is not None:
        confine.restrict(ruleset)
    os.write(confined, b"!")
    os.closerange(3, go)
    os.closerange(go + 1, 1 << 16)
    gc.enable()
