"""The page on which a cell says how its code ended, and an interpreter which run it is at."""

import mmap
import os
import struct

import failure

_REPORT = struct.Struct(">BH64s")
_BEGUN = struct.Struct(">Q")
_BEGUN_AT = 128


class Report:
    """A page that a cell shares with the launcher.

    It is no descriptor and carries no verdict: user code could scribble on it, and all it
    would change is by which word its own failure is called, or when it is interrupted.
    """

    def __init__(self):
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._writer = None

    def clear(self):
        """For the next cell."""
        self._page[:] = bytes(mmap.PAGESIZE)

    def open(self):
        """In the cell: only this process may write, not the ones that user code forks."""
        self._writer = os.getpid()

    def write(self, error):
        if os.getpid() != self._writer:
            return
        name, number = failure.describe(error)
        self._page[: _REPORT.size] = _REPORT.pack(1, number, name)

    def read(self):
        """Returns {"exception", "errno"} as the cell told it, or None."""
        written, number, name = _REPORT.unpack_from(self._page)
        return failure.reported(name.rstrip(b"\0"), number) if written == 1 else None

    def begin(self, number):
        """In an interpreter: from here on an interrupt reaches this run's code."""
        _BEGUN.pack_into(self._page, _BEGUN_AT, number)

    def begun(self):
        return _BEGUN.unpack_from(self._page, _BEGUN_AT)[0]
