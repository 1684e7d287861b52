"""What happens in the parked child: it waits, becomes a bare interpreter, and runs the action or a command."""

import importlib.machinery
import io
import json
import os
import random
import signal
import struct
import sys
import types

import confine
import failure
import workspace

HEADER = struct.Struct(">II")
_MAX_POPULATED = 16 << 20


def read_action(go):
    """Waits for the action; returns its head and its source."""
    head_bytes, code_bytes = HEADER.unpack(_exactly(go, HEADER.size))
    return json.loads(_exactly(go, head_bytes)), _exactly(go, code_bytes)


def encode_action(head, code):
    body = json.dumps(head).encode()
    return HEADER.pack(len(body), len(code)) + body + code


def prepare(head, bare):
    """Makes of the launcher's child an interpreter that has run nothing yet."""
    # What the image sets (PATH, where its packages keep their data) stays, the engine's own does not.
    for name in ("HOME", "HOSTNAME"):
        os.environ.pop(name, None)
    os.environ.update(head["env"])
    if os.environ.get("PYTHONUNBUFFERED"):
        _unbuffer("stdout", 1)
        _unbuffer("stderr", 2)
    sys.path[:] = [workspace.ROOT, *(path for path in sys.path if not path.startswith("/opt/cloche"))]
    _forget_modules(bare)
    seed(head["seed"])


def run(head, source, report, bare):
    """Runs the source as `__main__`, or a command in its place; returns the exit status."""
    prepare(head, bare)
    confine.set_limits(head["limits"])
    if head["mark"] is not None:
        confine.mark(head["mark"])
    if head["mode"] == "command":
        return _run_command(head["argv"])
    sys.argv = [workspace.ACTION, *head["args"]]
    report.open()
    return _run_as_main(source, report)


def rehearse():
    """Goes through the motions while nobody waits yet.

    A fork shares its parent's pages until it writes to them; each first write costs a fault. Paid
    here, ahead of time, they are not paid by the action. Nothing of it stays to be seen.
    """
    json.loads(json.dumps({"a": [1, 2.5, None, "b"]}))
    scratch = {"__builtins__": __builtins__}
    exec(compile("class A:\n  def f(self): return [str(n) for n in range(9)]\nA().f()", "<rehearsal>", "exec"), scratch)
    own_pages()


def own_pages():
    """After a fork, in child or parent: makes the pages that it will write to its own."""
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


def _exactly(go, length):
    data = bytearray()
    while len(data) < length:
        part = os.read(go, length - len(data))
        if not part:
            # The launcher went away before it sent an action; nothing of a user ran here.
            os._exit(0)
        data += part
    return bytes(data)


def seed(number):
    numpy = sys.modules.get("numpy")
    if number is not None:
        random.seed(number)
    if numpy is not None:
        # numpy keeps its generator over a fork, so siblings would draw the same numbers.
        numpy.random.seed(number if number is None else number % (1 << 32))


def interruptible():
    """From here on an interrupt is the user's code's, also one that came too early for it."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _unbuffer(name, fd):
    """As `python -u`: this interpreter started before it was known."""
    old = getattr(sys, name)
    raw = io.FileIO(fd, "wb", closefd=False)
    raw.name = f"<{name}>"
    new = io.TextIOWrapper(raw, old.encoding, old.errors, "\n", write_through=True)
    setattr(sys, name, new)
    setattr(sys, f"__{name}__", new)


def _run_command(argv):
    """Becomes the program; returns the exit status of a shell where there is no such program."""
    # Ignored by the interpreter for itself; a program expects the default.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    interruptible()
    try:
        os.execvp(argv[0], argv)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        print(f"{argv[0]}: {reason}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


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
        interruptible()
        exec(compile(source, workspace.ACTION, "exec", dont_inherit=True), main.__dict__)
    except SystemExit:
        raise
    except BaseException as raised:
        error = raised
    if error is None:
        return 0
    report.write(error)
    failure.show(error)
    if isinstance(error, KeyboardInterrupt):
        failure.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1
