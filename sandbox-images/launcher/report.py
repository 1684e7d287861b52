"""The page on which a cell says how its code ended."""

import mmap
import os
import struct

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
