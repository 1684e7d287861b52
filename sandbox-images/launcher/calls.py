"""Answers the service's questions one after the other, in slices, so that none of them holds up a run."""

import json
import struct
import sys
import time
from collections import deque

import frames
from link import MAX_UNSENT

_CALL = struct.Struct(">II")
_SLICE_S = 0.004


class Calls:
    """`handlers`: by name of the operation, a function of head and data. It returns (head, data), raises
    OSError, or is a generator that yields None until it yields its answer."""

    def __init__(self, link, handlers):
        self._link = link
        self._handlers = handlers
        self._waiting = deque()
        self._current = None

    def add(self, payload):
        call, head_bytes = _CALL.unpack_from(payload)
        head = json.loads(payload[_CALL.size : _CALL.size + head_bytes])
        self._waiting.append((call, head, payload[_CALL.size + head_bytes :]))

    @property
    def pending(self):
        """Whether there is something to do that need not wait for the service to take its answers."""
        return bool(self._waiting or self._current) and len(self._link.unsent) < MAX_UNSENT

    def clear(self):
        """Whoever asked is gone."""
        self._waiting.clear()
        if self._current is not None:
            self._current[1].close()
            self._current = None

    def step(self):
        """Works for a moment."""
        until = time.monotonic() + _SLICE_S
        while self.pending:
            if self._current is None:
                call, head, data = self._waiting.popleft()
                self._attempt(call, self._begin, call, head, data)
            else:
                self._attempt(self._current[0], self._go_on)
            if time.monotonic() > until:
                return

    def _attempt(self, call, step, *args):
        try:
            step(*args)
        except Exception as error:
            self._current = None
            if not isinstance(error, OSError):
                # What is in a workspace must never end the launcher.
                sys.excepthook(*sys.exc_info())
                error = OSError(5, "launcher fault")
            self._refuse(call, error)

    def _begin(self, call, head, data):
        handler = self._handlers.get(head["op"])
        if handler is None:
            raise OSError(38, f"no such operation: {head['op']}")
        answer = handler(head, data)
        if isinstance(answer, tuple):
            self._answer(call, *answer)
        else:
            self._current = (call, answer)

    def _go_on(self):
        call, steps = self._current
        answer = next(steps)
        if answer is not None:
            self._current = None
            steps.close()
            self._answer(call, *answer)

    def _refuse(self, call, error):
        # OSError's own text names the errno once more.
        message = error.strerror or str(error)
        self._answer(call, {"error": {"errno": error.errno or 5, "message": message[:500]}})

    def _answer(self, call, head, data=b""):
        body = frames.to_json(head)
        self._link.send(frames.RESULT, _CALL.pack(call, len(body)) + body + data)
