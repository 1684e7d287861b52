"""The wire between launcher and service, as docs/protocol.md has it.

A frame is `u32 payload length | u8 version | u8 type | u32 sequence | payload | u32 crc32`,
big-endian. The twin of this file is src/docker/link/frames.ts.
"""

import json
import struct
import zlib

# Goes up with every change to frames or to what is in them.
VERSION = 4
HEADER = struct.Struct(">IBBI")
CHECKSUM = struct.Struct(">I")
MAX_TO_LAUNCHER = 1 << 16
MAX_TO_SERVICE = 1 << 20
# No frame begins with this byte: it would be longer than any may be.
_PADDING = b"\xff"
_RESYNC = 64

PING, RUN, INPUT, CANCEL, RESUME, ACK, INTERRUPT = range(0x01, 0x08)
CALL = 0x09
HELLO, PONG, STARTED, STDOUT, STDERR, VALUE, VALUE_DATA, EXIT, REFUSED, RESULT, RESUMED = range(0x81, 0x8C)

# Not on the wire: what the decoder says where the stream broke or another one begins.
CUT = 0


class ProtocolError(Exception):
    """The service sent what no sound service sends; the sandbox can't be trusted to be its any more."""


class Encoder:
    """Numbers outgoing frames. The sequence is the order in which the launcher saw things happen."""

    def __init__(self):
        self._sequence = 0

    def encode(self, kind, payload=b""):
        if len(payload) > MAX_TO_SERVICE:
            raise ValueError(f"payload of {len(payload)} bytes, at most {MAX_TO_SERVICE}")
        head = HEADER.pack(len(payload), VERSION, kind, self._sequence) + payload
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        return head + CHECKSUM.pack(zlib.crc32(head))


def to_json(value):
    return json.dumps(value, separators=(",", ":")).encode()


class Decoder:
    """Cuts incoming bytes into frames, and finds the next stream where one was cut off."""

    def __init__(self):
        self._buffer = bytearray()
        self._expected = 0
        self._lost = False
        self._padded = 0

    def feed(self, data):
        """Yields (type, payload) for every frame that is complete, and (CUT, b"") where a request is void."""
        self._buffer += data
        while True:
            if self._lost and not self._find_padding():
                return
            if self._skip_padding():
                yield CUT, b""
            if len(self._buffer) < HEADER.size:
                return
            length, version, kind, sequence = HEADER.unpack_from(self._buffer)
            if version != VERSION or length > MAX_TO_LAUNCHER:
                self._lost = True
                yield CUT, b""
                continue
            end = HEADER.size + length
            if len(self._buffer) < end + CHECKSUM.size:
                return
            frame = bytes(self._buffer[:end])
            (checksum,) = CHECKSUM.unpack_from(self._buffer, end)
            del self._buffer[: end + CHECKSUM.size]
            if zlib.crc32(frame) != checksum or sequence != self._expected:
                self._lost = True
                yield CUT, b""
                continue
            self._expected = (self._expected + 1) & 0xFFFFFFFF
            yield kind, frame[HEADER.size :]

    def _find_padding(self):
        """Drops what is before the next padding; returns whether there is one."""
        found = self._buffer.find(_PADDING * _RESYNC)
        if found < 0:
            # Its beginning may be here already.
            del self._buffer[: max(0, len(self._buffer) - _RESYNC + 1)]
            return False
        del self._buffer[:found]
        self._lost = False
        return True

    def _skip_padding(self):
        """Returns whether another stream begins here."""
        if not self._buffer.startswith(_PADDING):
            if self._buffer:
                self._padded = 0
            return False
        before = self._padded
        length = len(self._buffer)
        self._buffer = self._buffer.lstrip(_PADDING)
        self._padded += length - len(self._buffer)
        fresh = before < _RESYNC <= self._padded
        if fresh:
            self._expected = 0
        if self._buffer:
            self._padded = 0
        return fresh
