"""How an exception of the user's is named and shown. Its class may answer with anything, or raise."""

import sys
import types

_OWN = "/opt/cloche/"


def describe(error):
    """Returns the class's name as bytes and the errno, 0 for none."""
    try:
        number = error.errno if isinstance(error, OSError) else 0
        number = number if type(number) is int and 0 < number < 4096 else 0
    except BaseException:
        number = 0
    # Past whatever a metaclass of the user's says.
    return type.__dict__["__name__"].__get__(type(error)).encode("ascii", "replace")[:64], number


def reported(name, number):
    """In the launcher: what a cell said, made fit for the evidence."""
    text = name.decode("ascii", "replace")
    return {"exception": text if text.isidentifier() else "?", "errno": number if 0 < number < 4096 else None}


def show(error, first=None):
    """Prints the traceback as a bare interpreter would: without the launcher's own frames.

    `first` is the file in which the user's own frames begin, where others come before it.
    """
    frames = _strip(error, first)
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


def flush():
    """Whatever the user's code has put in the place of its streams."""
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except Exception:
            pass


def _strip(error, first=None):
    """Returns the traceback without the launcher's own frames, and leaves the error with it."""
    own = BaseException.__dict__["__traceback__"]
    whole = own.__get__(error)
    frames = [(frame, frame.tb_frame.f_code.co_filename) for frame in _each(whole)]
    if first is not None:
        begin = next((n for n, (_, file) in enumerate(frames) if file == first), 0)
        frames = frames[begin:]
    if all(not file.startswith(_OWN) for _, file in frames):
        stripped = frames[0][0] if frames else None
    else:
        stripped = None
        for frame, file in reversed(frames):
            if not file.startswith(_OWN):
                stripped = types.TracebackType(stripped, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    own.__set__(error, stripped)
    return stripped


def _each(frame):
    while frame is not None:
        yield frame
        frame = frame.tb_next
