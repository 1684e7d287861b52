"""What happens in the parked child: it waits, becomes a bare interpreter, and runs the action."""

import importlib.machinery
import json
import os
import random
import signal
import struct
import sys
import types

import confine
import workspace

HEADER = struct.Struct(">I")
_MAX_POPULATED = 16 << 20


def read_action(go):
    """Waits for the action; returns its head and its source."""
    (length,) = HEADER.unpack(_exactly(go, HEADER.size))
    return json.loads(_exactly(go, length)), go.read()


def run(head, source, report, bare):
    """Runs the source as `__main__`; returns the exit status."""
    # What the image sets (PATH, where its packages keep their data) stays, the engine's own does not.
    for name in ("HOME", "HOSTNAME"):
        os.environ.pop(name, None)
    os.environ.update(head["env"])
    sys.argv = [workspace.ACTION, *head["args"]]
    sys.path[:] = [workspace.ROOT, *(path for path in sys.path if not path.startswith("/opt/cloche"))]
    _forget_modules(bare)
    _seed(head["seed"])
    report.open()
    confine.set_limits(head["limits"])
    return _run_as_main(source, report)


def rehearse():
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
