"""One single-use interpreter: parked before its action is known, stripped of rights, used once."""

import gc
import importlib.machinery
import json
import mmap
import os
import random
import signal
import struct
import sys
import types

import confine
import workspace

_MAX_POPULATED = 16 << 20
_HEADER = struct.Struct(">I")
_REPORT = struct.Struct(">BH64s")


class Report:
    """A page that a cell shares with the launcher, in which it says how its code ended.

    It is no descriptor and carries no verdict: user code could scribble on it, and all it
    would change is by which word its own failure is called.
    """

    def __init__(self):
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._writer = None

    def open(self):
        """In the cell: only this process may write, not the ones that user code forks."""
        self._writer = os.getpid()

    def write(self, error):
        if os.getpid() != self._writer:
            return
        try:
            number = error.errno if isinstance(error, OSError) else 0
            number = number if type(number) is int and 0 < number < 4096 else 0
        except BaseException:
            # A class of the user's may answer with anything.
            number = 0
        # Past whatever a metaclass of the user's says.
        name = type.__dict__["__name__"].__get__(type(error)).encode("ascii", "replace")[:64]
        self._page[: _REPORT.size] = _REPORT.pack(1, number, name)

    def read(self):
        """Returns {"exception", "errno"} as the cell told it, or None."""
        written, number, name = _REPORT.unpack_from(self._page)
        if written != 1:
            return None
        text = name.rstrip(b"\0").decode("ascii", "replace")
        errno = number if 0 < number < 4096 else None
        return {"exception": text if text.isidentifier() else "?", "errno": errno}


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
            go.write(_HEADER.pack(len(body)) + body + code)

    def run(self, bare):
        """In the child: waits for the action, runs it as `__main__`, returns the exit status.

        `bare` names the modules that an interpreter has imported before any program runs.
        """
        _rehearse()
        with open(self._go, "rb") as go:
            (length,) = _HEADER.unpack(_exactly(go, _HEADER.size))
            head = json.loads(_exactly(go, length))
            source = go.read()
        # What the image sets (PATH, where its packages keep their data) stays, the engine's own does not.
        for name in ("HOME", "HOSTNAME"):
            os.environ.pop(name, None)
        os.environ.update(head["env"])
        sys.argv = [workspace.ACTION, *head["args"]]
        sys.path[:] = [workspace.ROOT, *(path for path in sys.path if not path.startswith("/opt/cloche"))]
        _forget_modules(bare)
        _seed(head["seed"])
        self.report.open()
        confine.set_limits(head["limits"])
        return _run_as_main(source, self.report)


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


def _rehearse():
    """Goes through the motions while nobody waits yet.

    A fork shares its parent's pages until it writes to them; each first write costs a fault. Paid
    here, ahead of time, they are not paid by the action. Nothing of it stays to be seen.
    """
    json.loads(json.dumps({"a": [1, 2.5, None, "b"]}))
    scratch = {"__builtins__": __builtins__}
    exec(compile("class A:\n  def f(self): return [str(n) for n in range(9)]\nA().f()", "<rehearsal>", "exec"), scratch)
    with open("/proc/self/maps", encoding="ascii") as file:
        mine = [line.split()[0] for line in file if line.split()[1] == "rw-p"]
    areas = [tuple(int(end, 16) for end in area.split("-")) for area in mine]
    # Preloaded packages may have much; what they never write to again should stay shared.
    if sum(end - start for start, end in areas) <= _MAX_POPULATED:
        for start, end in areas:
            confine.populate(start, end - start)


def _forget_modules(bare):
    """Takes out of `sys.modules` the launcher, and what a file of the action has the name of.

    A bare interpreter would not have imported those yet and would find the action's own.
    """
    local = {name.removesuffix(".py") for name in os.listdir(workspace.ROOT)}
    for name, module in list(sys.modules.items()):
        own = (getattr(module, "__file__", None) or "").startswith("/opt/cloche/") and name != "__main__"
        if own or (name not in bare and name.partition(".")[0] in local):
            del sys.modules[name]


def _exactly(stream, length):
    data = stream.read(length)
    if len(data) != length:
        # The launcher went away before it sent an action; nothing of a user ran here.
        os._exit(0)
    return data


def _seed(seed):
    numpy = sys.modules.get("numpy")
    if seed is not None:
        random.seed(seed)
    if numpy is not None:
        # numpy keeps its generator over a fork, so siblings would draw the same numbers.
        numpy.random.seed(seed if seed is None else seed % (1 << 32))


def _run_as_main(source, report):
    """Runs the source as `python3 /workspace/action.py` would; returns the exit status."""
    main = types.ModuleType("__main__")
    main.__dict__.update(
        __builtins__=sys.modules["builtins"],
        __cached__=None,
        __file__=workspace.ACTION,
        __loader__=importlib.machinery.SourceFileLoader("__main__", workspace.ACTION),
    )
    sys.modules["__main__"] = main
    error = None
    try:
        exec(compile(source, workspace.ACTION, "exec", dont_inherit=True), main.__dict__)
    except SystemExit:
        raise
    except BaseException as raised:
        error = raised
    if error is None:
        return 0
    report.write(error)
    _show(error)
    if isinstance(error, KeyboardInterrupt):
        _flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1


def _show(error):
    """Prints the traceback as a bare interpreter would: without the launcher's own frames."""
    frames = _strip(error)
    second = None
    try:
        sys.excepthook(type(error), error, frames)
    except SystemExit:
        raise
    except BaseException as raised:
        second = raised
    if second is not None:
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(second), second, _strip(second))
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, frames)


def _strip(error):
    """Returns the traceback without the launcher's own frames, and leaves the error with it."""
    own = BaseException.__dict__["__traceback__"]
    frames = own.__get__(error)
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith("/opt/cloche/"):
        frames = frames.tb_next
    own.__set__(error, frames)
    return frames


def _flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
