"""In the child that became a session's interpreter: one execution after the other in one `__main__`."""

import builtins
import gc
import io
import os
import signal
import sys
import time
import types

import channel
import failure
import interpreter
import values
from program import Program

_BROKEN_S = 5


def live(head, cell, bare):
    """Never returns: the launcher ends it, or the user's code does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interpreter.interruptible()
    _no_stdin()
    # What the first exception would otherwise wait for. A script's interpreter stays bare.
    import traceback  # noqa: F401

    # Output shows when its line ends, as on a terminal, however long the execution goes on.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    interpreter.prepare(head, bare)
    # A plot needs no screen.
    os.environ.setdefault("MPLBACKEND", "Agg")
    sys.argv = [""]
    main = types.ModuleType("__main__")
    main.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = main
    gc.freeze()
    try:
        Interpreter(cell, main.__dict__).serve()
    finally:
        # User code broke what is needed to go on. Its threads and exit handlers are not waited for.
        os._exit(1)


class Interpreter:
    def __init__(self, cell, namespace):
        self._go = cell.go
        self._channel = cell.channel
        self._report = cell.report
        self._program = Program(namespace)
        self._pid = os.getpid()
        self._stdin = None
        self._values = None
        self._fresh_stdin()
        builtins.display = lambda *shown: self._values.show(*shown) if self._values else None
        self._program.rehearse()

    def serve(self):
        while True:
            try:
                head, source = interpreter.read_action(self._go)
            except OSError:
                self._give_up()
            except Exception as error:
                # From a signal handler of the user's.
                failure.show(error)
                continue
            self._execute(head, source)

    def _execute(self, head, source):
        end = None
        self._values = values.Values(self._channel, head["run"], head["resultBytes"])
        error = None
        changed = {}
        try:
            try:
                changed = self._set_up(head)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                self._report.begin(head["run"])
                self._program.run(source, head["name"], self._values)
            finally:
                if os.getpid() == self._pid:
                    self._tidy(head, changed)
        except BaseException as raised:
            error = raised
        try:
            end = _describe_end(error)
            if end[2] is not None:
                failure.show(error, head["name"])
            if error is not None:
                values.close_figures()
            failure.flush()
        except BaseException as second:
            # An interrupt meant for code that was over, or a hook of the user's.
            end = end or ("exception", 1, second)
        if os.getpid() != self._pid:
            # A fork of the user's came to the end of the code, and ends there as a script would.
            os._exit(end[1])
        _ignore_interrupts()
        try:
            self._values.end(*end)
        except OSError:
            self._give_up()
        del error, end

    def _give_up(self):
        """The way to the launcher is gone. It sees that too, and ends what is here."""
        if os.getpid() == self._pid:
            time.sleep(_BROKEN_S)
        os._exit(1)

    def _set_up(self, head):
        """Puts in place what only this execution has; returns what the environment had before."""
        if head["stdin"]:
            self._take_stdin()
        before = {name: os.environ.get(name) for name in head["env"]}
        os.environ.update(head["env"])
        sys.argv = ["", *head["args"]]
        if head["seed"] is not None:
            interpreter.seed(head["seed"])
        return before

    def _tidy(self, head, before):
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if head["stdin"]:
            # What was not read is not the next execution's.
            _no_stdin()
            self._fresh_stdin()

    def _take_stdin(self):
        fd = channel.receive_descriptor(self._channel)
        os.dup2(fd, 0)
        os.close(fd)
        self._fresh_stdin()

    def _fresh_stdin(self):
        """A new object: the old one may hold what it read ahead for another execution."""
        if self._stdin is None or sys.stdin is self._stdin:
            self._stdin = sys.stdin = io.TextIOWrapper(
                io.BufferedReader(io.FileIO(0, closefd=False)), "utf-8", "surrogateescape"
            )


def _no_stdin():
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.close(null)


def _ignore_interrupts():
    while True:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            return
        except KeyboardInterrupt:
            # It came while nothing of the user's ran any more.
            continue


def _describe_end(error):
    """Returns status, exit code and the exception, as an interpreter that ends would have them."""
    if error is None:
        return "ok", 0, None
    if not isinstance(error, SystemExit):
        return "exception", 1, error
    code = BaseException.__getattribute__(error, "code")
    if code is None:
        return "exit", 0, None
    if isinstance(code, int):
        return "exit", int.__and__(code, 0xFF) if -(1 << 63) <= code < 1 << 63 else 255, None
    print(code, file=sys.stderr)
    return "exit", 1, None
