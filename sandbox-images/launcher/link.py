"""The framed stream to the service on descriptors 0 and 1, both non-blocking."""

import os
import select

import frames

CHUNK = 1 << 16


class Link:
    def __init__(self):
        self._encoder = frames.Encoder()
        self._decoder = frames.Decoder()
        self.unsent = bytearray()
        for fd in (0, 1):
            os.set_blocking(fd, False)

    def send(self, kind, payload=b""):
        self.unsent += self._encoder.encode(kind, payload)

    def send_json(self, kind, value):
        self.unsent += self._encoder.encode_json(kind, value)

    def flush(self):
        """Writes what the pipe takes now."""
        while self.unsent:
            try:
                del self.unsent[: os.write(1, memoryview(self.unsent)[:CHUNK])]
            except BlockingIOError:
                return

    def flush_all(self):
        poller = select.poll()
        poller.register(1, select.POLLOUT)
        self.flush()
        while self.unsent:
            poller.poll()
            self.flush()

    def receive(self):
        """Returns the frames that have arrived; the service gone is the sandbox's end."""
        try:
            data = os.read(0, CHUNK)
        except BlockingIOError:
            return []
        if not data:
            os._exit(0)
        return list(self._decoder.feed(data))

    def wait(self):
        """Blocks until there are frames."""
        poller = select.poll()
        poller.register(0, select.POLLIN)
        while True:
            poller.poll()
            if received := self.receive():
                return received
