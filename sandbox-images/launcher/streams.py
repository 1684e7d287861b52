"""What a run reads and writes through pipes: bytes that are moved and counted, never interpreted."""

import fcntl
import os
import select
import struct
import time

import frames
from link import CHUNK

# A program that writes in tiny pieces is read in larger ones, so that it can't make millions of events.
_SMALL = 4096
_REST_S = 0.005
_LONG_REST_S = 0.020
_LONG_REST_AFTER = 1000
# As in <asm-generic/ioctls.h>: how many bytes wait in a pipe.
_FIONREAD = 0x541B


class Output:
    """stdout and stderr of one run, up to its bound of bytes."""

    def __init__(self, cell, left, emit):
        """`emit(kind, data)` takes what is within the bound."""
        self._cell = cell
        self._left = left
        self._emit = emit
        self._resume_at = 0
        self._pieces = 0
        self.seen = {frames.STDOUT: 0, frames.STDERR: 0}
        self.truncated = {frames.STDOUT: False, frames.STDERR: False}

    def _open(self):
        for name, kind in (("stdout", frames.STDOUT), ("stderr", frames.STDERR)):
            fd = getattr(self._cell, name)
            if fd is not None:
                yield fd, name, kind

    @property
    def over(self):
        return any(self.truncated.values())

    def want(self, wanted, now):
        """Names the pipes to wait for; returns the time at which they are to be asked for, or None."""
        # Both rest together: else what was written to the one that rests would come after what the other got later.
        if self._resume_at > now:
            return self._resume_at
        for fd, _, _ in self._open():
            wanted[fd] = select.POLLIN
        return None

    def pump(self, ready):
        for fd, name, kind in list(self._open()):
            if fd in ready:
                taken = self._take(fd, name, kind, CHUNK)
                if taken < _SMALL:
                    rest = _REST_S if self._pieces < _LONG_REST_AFTER else _LONG_REST_S
                    self._resume_at = time.monotonic() + rest

    def drain(self):
        """Takes what is in the pipes at this moment, and no more: some writers may go on for ever."""
        for fd, name, kind in list(self._open()):
            (left,) = struct.unpack("i", fcntl.ioctl(fd, _FIONREAD, b"\0" * 4))
            while left > 0 and (taken := self._take(fd, name, kind, min(left, CHUNK))):
                left -= taken

    def _take(self, fd, name, kind, size):
        try:
            data = os.read(fd, size)
        except BlockingIOError:
            return 0
        if not data:
            self._cell.close_one(name)
            return 0
        self._pieces += 1
        self.seen[kind] += len(data)
        kept = data[: self._left]
        self._left -= len(kept)
        if kept:
            self._emit(kind, kept)
        if len(kept) < len(data):
            self.truncated[kind] = True
        return len(data)


class Feed:
    """Bytes on their way into a pipe whose reader may be slow, or gone."""

    def __init__(self, fd, data=b"", close=True):
        """`close`: the pipe is closed behind the last byte."""
        self._fd = fd
        self._data = bytearray(data)
        self._close = close
        self.write()

    @property
    def waiting(self):
        return len(self._data)

    @property
    def broken(self):
        """Nobody reads it any more, or it was closed."""
        return self._fd is None

    @property
    def takes_more(self):
        return self._fd is not None and not self._close

    def add(self, data, close):
        self._data += data
        self._close = close
        self.write()

    def want(self, wanted):
        if self._fd is not None and self._data:
            wanted[self._fd] = select.POLLOUT

    def write(self):
        try:
            while self._fd is not None and self._data:
                del self._data[: os.write(self._fd, memoryview(self._data)[:CHUNK])]
        except BlockingIOError:
            return
        except OSError:
            # Nobody reads it any more.
            self._close = True
            self._data.clear()
        if self._close:
            self.end()

    def end(self):
        self._data.clear()
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
