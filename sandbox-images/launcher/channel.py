"""What an interpreter tells the launcher, one message each over a socket of packets.

`V` + JSON {"mime", "bytes", "index", "truncated"}: a part of a result begins, `D` + bytes: its data,
`E` + JSON: the execution is over. User code shares the interpreter and can say all of this too, or
anything else; so the launcher's side believes nothing but the shape, and bounds everything.
"""

import json
import os
import re
import struct

# Not `socket`: its hundreds of names in enums would be torn down at the end of every script.
import _socket

MAX_PARTS = 1000
DATA_BYTES = 1 << 15
_MAX_HEAD_BYTES = 1 << 10
MIME = re.compile(r"[a-z]{1,32}/[a-z0-9.+-]{1,64}", re.ASCII)
STATUSES = ("ok", "exception", "exit")


class Corrupted(Exception):
    """The interpreter said what the launcher's code in it never says."""


def encode(kind, value):
    return kind + json.dumps(value, separators=(",", ":")).encode()


def send_descriptor(channel, fd):
    _with(channel, lambda it: it.sendmsg([b"0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack("i", fd))]))


def receive_descriptor(channel):
    """Raises OSError where there is none, or no room for one."""
    size = struct.calcsize("i")
    _, messages, _, _ = _with(channel, lambda it: it.recvmsg(1, _socket.CMSG_SPACE(size)))
    for _, kind, data in messages:
        if kind == _socket.SCM_RIGHTS and len(data) == size:
            return struct.unpack("i", data)[0]
    raise OSError(24, "no descriptor left for stdin")


def _with(fd, use):
    socket = _socket.socket(fileno=fd)
    try:
        return use(socket)
    finally:
        socket.detach()


class Reader:
    """The launcher's side, for one execution: gathers whole parts, which are `on_part`'s."""

    def __init__(self, fd, number, result_bytes, on_part):
        self._fd = fd
        self._number = number
        self._left = result_bytes
        self._on_part = on_part
        self._parts = 0
        self._head = None
        self._data = bytearray()
        self.end = None
        self.gone = False

    def read(self):
        """Takes a few messages, up to the end of the execution; returns whether there may be more. Raises Corrupted."""
        for _ in range(32):
            try:
                message = os.read(self._fd, DATA_BYTES + 2)
            except BlockingIOError:
                return False
            except OSError:
                message = b""
            if not message:
                self.gone = True
                return False
            kind, body = message[:1], message[1:]
            if kind == b"D" and body and self._head and len(self._data) + len(body) <= self._head["bytes"]:
                self._data += body
            elif kind == b"V":
                self._begin_part(_parse(body))
            elif kind == b"E":
                self.end = self._checked_end(_parse(body))
                return False
            else:
                raise Corrupted("a message out of place")
            if self._head is not None and len(self._data) == self._head["bytes"]:
                self._on_part(self._head, bytes(self._data))
                self._head = None
        return True

    def _begin_part(self, head):
        # One that an interrupt cut short is forgotten.
        mime, size, index, truncated = (head.get(name) for name in ("mime", "bytes", "index", "truncated"))
        self._parts += 1
        if (
            self._parts > MAX_PARTS
            or not (isinstance(mime, str) and MIME.fullmatch(mime))
            or not (type(size) is int and 0 <= size <= self._left)
            or not (type(index) is int and 0 <= index < MAX_PARTS)
            or type(truncated) is not bool
        ):
            raise Corrupted("a part out of bounds")
        self._left -= size
        self._head = {"mime": mime, "bytes": size, "index": index, "truncated": truncated}
        self._data.clear()

    def _checked_end(self, end):
        status, code, name, errno = (end.get(key) for key in ("status", "exitCode", "exception", "errno"))
        if (
            type(end.get("run")) is not int
            or end["run"] != self._number
            or status not in STATUSES
            or not (type(code) is int and 0 <= code <= 255)
            or not (isinstance(name, str) and name.isascii() and len(name) <= 64)
            or type(errno) is not int
        ):
            raise Corrupted("no end of this run")
        return {"status": status, "exitCode": code, "exception": name, "errno": errno}


def _parse(body):
    try:
        value = json.loads(body) if len(body) <= _MAX_HEAD_BYTES else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Corrupted("no JSON object")
    return value
