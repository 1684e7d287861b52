"""The framed stream to the service on descriptors 0 and 1, both non-blocking.

The stream is not the sandbox's life: a service may go away and another one come on the same
descriptors. Only silence for too long ends the launcher, which is the supervisor's business.
"""

import os
import select
import time

import frames

CHUNK = 1 << 16
# Above this much that the service has not taken, whoever makes more of it is made to wait.
MAX_UNSENT = 1 << 20


class Link:
    def __init__(self):
        self._encoder = frames.Encoder()
        self._decoder = frames.Decoder()
        self._readable = self._writable = True
        self.unsent = bytearray()
        self.heard = time.monotonic()
        for fd in (0, 1):
            os.set_blocking(fd, False)

    def want(self, wanted):
        """Names what to wait for. A descriptor at its end is always ready, so it is not asked for."""
        if self._readable:
            wanted[0] = select.POLLIN
        if self.unsent and self._writable:
            wanted[1] = select.POLLOUT

    def send(self, kind, payload=b""):
        self.unsent += self._encoder.encode(kind, payload)

    def send_json(self, kind, value):
        self.send(kind, frames.to_json(value))

    def resume(self, nonce):
        """Begins a new stream to the service: what the old one did not take is gone."""
        self._encoder = frames.Encoder()
        self.unsent = bytearray(nonce)

    def flush(self):
        """Writes what the pipe takes at once."""
        try:
            while self.unsent and self._writable:
                del self.unsent[: os.write(1, memoryview(self.unsent)[:CHUNK])]
        except BlockingIOError:
            pass
        except OSError:
            # Nobody can ever read it again; the silence that follows ends the launcher.
            self._writable = False

    def receive(self):
        """Returns the frames that have arrived."""
        try:
            data = os.read(0, CHUNK)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self._readable = False
            return []
        received = list(self._decoder.feed(data))
        if any(kind != frames.CUT for kind, _ in received):
            self.heard = time.monotonic()
        return received
