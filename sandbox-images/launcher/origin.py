"""What cells are forked from. A fork has all of its parent's memory, so it matters what the parent has seen."""

import os
import select
import struct

import _socket
import confine
from inside import Forked, Inside
from report import Report

_FORKED_MS = 2000
_ASK = struct.Struct("=??")
_TOLD = struct.Struct("=ii")
_ENDS = struct.Struct("=6i")


class Launcher:
    """The launcher itself: for a sandbox of one run, or of one session, which may know what it was told before."""

    pid = None

    def __init__(self, expendable, rights):
        self._expendable = expendable
        self._rights = rights

    def new_report(self):
        return Report()

    def fork(self, ends, report, early, first):
        """Returns the child's pid. In the child, raises Forked."""
        pid = self._expendable.fork()
        if pid == 0:
            raise Forked(Inside(ends, self._rights, report, early, first))
        return pid


class Zygote:
    """A process that never sees a byte of anybody's, for a sandbox that serves one cell after the other.

    It is forked off before the launcher has read anything, and does nothing but fork: it gets the descriptors of
    a new cell, forks twice and waits for the first of the two, so that the cell is an orphan and thereby the
    launcher's child, as any other. When everything in the sandbox is killed it is killed too: the sandbox is
    not used again then.
    """

    def __init__(self, rights):
        """In a cell, raises Forked."""
        # One page for one cell after the other: it has to be there before the fork.
        self._report = Report()
        mine, its = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            mine.close()
            _serve(its, rights, self._report)
        its.close()
        self._socket = mine

    def new_report(self):
        self._report.clear()
        return self._report

    def fork(self, ends, report, early, first):
        """As the launcher's. Raises OSError also where the zygote is gone or does not answer."""
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, _ENDS.pack(*ends))]
        try:
            self._socket.sendmsg([_ASK.pack(early, first)], rights)
        except BrokenPipeError:
            raise _gone() from None
        poller = select.poll()
        poller.register(self._socket.fileno(), select.POLLIN)
        told = self._socket.recv(_TOLD.size) if poller.poll(_FORKED_MS) else b""
        if len(told) != _TOLD.size:
            raise _gone()
        error, pid = _TOLD.unpack(told)
        if error:
            raise OSError(error, os.strerror(error))
        return pid


def _gone():
    return OSError(11, "what cells are forked from is gone")


def _serve(socket, rights, report):
    """In the zygote; never returns. In a cell, raises Forked."""
    expendable = confine.expendable_again()
    nowhere = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for fd in (0, 1):
        # The launcher's way to the service is the launcher's alone.
        os.dup2(nowhere, fd)
    os.close(nowhere)
    while True:
        asked, messages, _, _ = socket.recvmsg(_ASK.size, _socket.CMSG_SPACE(_ENDS.size))
        if not asked:
            os._exit(0)
        ends = _ENDS.unpack(messages[0][2])
        socket.send(_TOLD.pack(*_fork_twice(expendable, socket, ends, (rights, report, *_ASK.unpack(asked)))))
        for fd in ends:
            os.close(fd)


def _fork_twice(expendable, socket, ends, made_of):
    """Returns (0, pid of the cell) or (errno, 0)."""
    read, write = os.pipe()
    try:
        between = expendable.fork()
    except OSError as error:
        os.close(read)
        os.close(write)
        return error.errno, 0
    if between == 0:
        os.close(read)
        try:
            pid = os.fork()
        except OSError as error:
            os.write(write, _TOLD.pack(error.errno, 0))
            os._exit(0)
        if pid == 0:
            os.close(write)
            socket.close()
            raise Forked(Inside(ends, *made_of))
        os.write(write, _TOLD.pack(0, pid))
        os._exit(0)
    os.close(write)
    told = os.read(read, _TOLD.size)
    os.close(read)
    # Only then is the cell an orphan.
    os.waitpid(between, 0)
    return _TOLD.unpack(told) if len(told) == _TOLD.size else (11, 0)
