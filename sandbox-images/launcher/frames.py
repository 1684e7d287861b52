"""The wire between launcher and service: length-prefixed, versioned, numbered frames.

A frame is `u32 payload length | u8 version | u8 type | u32 sequence | payload`,
big-endian. Both directions share the format; each counts its own sequence from 0.
The twin of this file is src/docker/frames.ts.
"""

import json
import struct

# Goes up with every change to frames or to what is in them.
VERSION = 2
HEADER = struct.Struct(">IBBI")
MAX_PAYLOAD = 1 << 20

PING, RUN, INPUT, CANCEL = 0x01, 0x02, 0x03, 0x04
HELLO, PONG, STARTED, STDOUT, STDERR, FILE, FILE_DATA, EXIT, REFUSED = range(0x81, 0x8A)


class ProtocolError(Exception):
    """The peer sent bytes that are no frame; the stream can't be trusted any more."""


class Encoder:
    """Numbers outgoing frames. The sequence is the order in which the launcher saw things happen."""

    def __init__(self):
        self._sequence = 0

    def encode(self, kind, payload=b""):
        header = HEADER.pack(len(payload), VERSION, kind, self._sequence & 0xFFFFFFFF)
        self._sequence += 1
        return header + payload

    def encode_json(self, kind, value):
        return self.encode(kind, json.dumps(value, separators=(",", ":")).encode())


class Decoder:
    """Cuts incoming bytes into frames."""

    def __init__(self):
        self._buffer = bytearray()
        self._expected = 0

    def feed(self, data):
        """Yields (type, payload) for every frame that is complete."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, version, kind, sequence = HEADER.unpack_from(self._buffer)
            if version != VERSION:
                raise ProtocolError(f"frame version {version}, expected {VERSION}")
            if length > MAX_PAYLOAD:
                raise ProtocolError(f"frame of {length} bytes, at most {MAX_PAYLOAD}")
            if sequence != self._expected:
                raise ProtocolError(f"frame {sequence}, expected {self._expected}")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            self._expected = (self._expected + 1) & 0xFFFFFFFF
            yield kind, payload
