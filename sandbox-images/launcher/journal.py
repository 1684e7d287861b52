"""The events of runs, numbered for the life of the launcher, kept until the service has them for good."""

import struct
from collections import deque

from link import MAX_UNSENT

_NUMBER = struct.Struct(">Q")


class Journal:
    def __init__(self, link):
        self._link = link
        self._number = 0
        # (number, id of the run or None where nothing is kept, frame type, payload)
        self._waiting = deque()
        self._waiting_bytes = 0
        self._kept = deque()

    def add(self, run, kind, payload=b""):
        """`run` is the id under which the event is kept until `acknowledge`, or None."""
        self._number += 1
        self._wait_with((self._number, run, kind, payload))
        self.pump()

    def pump(self):
        """Hands over to the link as much as it should hold."""
        while self._waiting and len(self._link.unsent) < MAX_UNSENT:
            event = self._waiting.popleft()
            number, run, kind, payload = event
            self._waiting_bytes -= len(payload)
            self._link.send(kind, _NUMBER.pack(number) + payload)
            if run is not None:
                self._kept.append(event)

    @property
    def full(self):
        return len(self._link.unsent) + self._waiting_bytes >= MAX_UNSENT

    def acknowledge(self, number):
        for events in (self._kept, self._waiting):
            while events and events[0][0] <= number:
                event = events.popleft()
                if events is self._waiting:
                    self._waiting_bytes -= len(event[3])

    def retained(self):
        """The ids of the runs of which events are kept, in order."""
        events = (*self._kept, *self._waiting)
        return list(dict.fromkeys(run for _, run, _, _ in events if run is not None))

    def rewind(self):
        """Everything that is kept goes out once more, on a new stream."""
        events = [event for event in (*self._kept, *self._waiting) if event[1] is not None]
        self._kept.clear()
        self._waiting.clear()
        self._waiting_bytes = 0
        for event in events:
            self._wait_with(event)

    def _wait_with(self, event):
        self._waiting.append(event)
        self._waiting_bytes += len(event[3])
