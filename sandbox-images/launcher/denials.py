"""Answers the kernel when it asks about a call that a cell's filter doesn't allow: always no. And counts."""

import fcntl
import select
import struct

# Sizes and numbers of linux/seccomp.h; the same on x86_64 and aarch64.
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_QUESTION = struct.Struct("=QIIiIQQ40x")
_ANSWER = struct.Struct("=QqiI")
_EPERM = -1
_MAX_KINDS = 64
_MAX_NUMBERS = 1024
# Of one cell in one turn of the loop. Whoever asks is stopped until it is answered, so this only has to be
# more than the few who can ask at once, and less than what would hold up limits and output.
_BATCH = 32


class Denials:
    """What was denied since it was last taken, by call and first argument."""

    def __init__(self):
        self._total = 0
        self._kinds = {}
        self._numbers = set()
        self._truncated = False

    def count(self, number, argument):
        self._total += 1
        kind = (number, argument)
        # Each call has a place with at least one argument, so that none can be hidden behind many of another.
        if kind in self._kinds or len(self._kinds) < _MAX_KINDS or self._is_new(number):
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            self._numbers.add(number)
        else:
            self._truncated = True

    def _is_new(self, number):
        return number not in self._numbers and len(self._numbers) < _MAX_NUMBERS

    def take(self):
        calls = [{"nr": nr, "argument": hex(argument), "count": n} for (nr, argument), n in self._kinds.items()]
        taken = {"total": self._total, "calls": calls, "truncated": self._truncated}
        self.__init__()
        return taken


def answer(listener, count):
    """Answers those that wait; returns False when nobody is left who could ask."""
    poller = select.poll()
    poller.register(listener, select.POLLIN)
    for _ in range(_BATCH):
        ready = poller.poll(0)
        if not ready:
            return True
        if not ready[0][1] & select.POLLIN:
            return False
        question = bytearray(_QUESTION.size)
        try:
            fcntl.ioctl(listener, _RECEIVE, question)
            asked, _, _, number, _, _, argument = _QUESTION.unpack(question)
            count(number & 0xFFFFFFFF, argument)
            fcntl.ioctl(listener, _SEND, bytearray(_ANSWER.pack(asked, 0, _EPERM, 0)))
        except OSError:
            # Whoever asked was killed or interrupted meanwhile. What code does must never end the launcher.
            continue
    return True
