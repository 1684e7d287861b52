"""A run in the session's interpreter, which goes on after it. If it can't, all of the session's state is gone."""

import os
import select
import signal
import time

import channel
import failure
import frames
import processes
from interpreter import encode_action
from run import Run
from streams import Feed

# A process closes its descriptors a moment before it has ended.
_GONE_S = 1
_INTERRUPT_TICK_S = 0.002


class CellRun(Run):
    def __init__(self, order, household, journal, number):
        super().__init__(order, household.resident.cell, household, journal, number)
        self._number = number
        self._status = None
        self._gone_at = None
        self._interrupt_wanted = False
        self._last_reads = 32
        self._generation = self._resident.generation
        self._reader = channel.Reader(self.cell.channel, number, self._limits["resultBytes"], self._on_part)
        self._stdin = Feed(None)
        has_stdin = bool(order.stdin) or order.head["keepStdin"]
        if has_stdin:
            self._stdin = Feed(self._send_stdin(), order.stdin, close=not order.head["keepStdin"])
        head = {
            "mode": "cell",
            "run": number,
            "env": order.head["env"],
            "args": order.head["args"],
            "seed": order.head["seed"],
            "stdin": has_stdin,
            "name": order.head["name"],
            "resultBytes": self._limits["resultBytes"],
        }
        self._resident.use()
        self._resident.go.add(encode_action(head, order.code), close=False)
        self._started()

    def _send_stdin(self):
        """Gives the interpreter the reading end of a new pipe; returns the writing end."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        try:
            channel.send_descriptor(self.cell.channel, read)
        except OSError:
            # Nobody listens there; the run will end for that.
            pass
        os.close(read)
        return write

    @property
    def tick_s(self):
        return _INTERRUPT_TICK_S if self._interrupt_wanted else Run.tick_s

    def want(self, wanted, now):
        self._resident.go.want(wanted)
        # Parts are bounded, so they need not wait for a slow service as output does.
        if self._gone_at is None:
            wanted[self.cell.channel] = select.POLLIN
        return super().want(wanted, now)

    def _watch(self, ready):
        if self._status is not None:
            self._hear_out()
            return
        self._resident.go.write()
        if self._resident.go.broken:
            self._lose_way()
        if self.cell.channel in ready:
            self._listen()

    def _listen(self):
        try:
            self._reader.read()
        except channel.Corrupted:
            self.kill("corrupted")
            return
        if self._reader.gone:
            self._lose_way()
        if self._reader.end is not None:
            self._end_code()

    def _lose_way(self):
        """The code closed what the interpreter needs, or the process is about to end."""
        if self._gone_at is None:
            self._gone_at = time.monotonic()

    def _on_part(self, head, data):
        # What was written before it comes before it.
        self._output.drain()
        self._emit(frames.VALUE, frames.to_json(head))
        for at in range(0, len(data), frames.MAX_TO_SERVICE // 2):
            self._emit(frames.VALUE_DATA, data[at : at + frames.MAX_TO_SERVICE // 2])

    def _tick(self):
        if self._interrupt_wanted and self.cell.report.begun() == self._number:
            self._interrupt_wanted = False
            self._interrupted = True
            processes.kill(self.cell.pid, signal.SIGINT)
        if self._gone_at is not None and time.monotonic() > self._gone_at + _GONE_S:
            self.kill("corrupted")
        else:
            super()._tick()

    def kill(self, reason):
        if self._ending_since is None:
            self._killed_by = reason
            self._end_code()

    def interrupt(self):
        # Its code must have begun, or the interpreter would take no notice.
        self._interrupt_wanted = True

    def ended(self, status, usage):
        """The interpreter has ended. What it said before that is heard when the run has its turn."""
        self._status = status

    def _hear_out(self):
        try:
            # More does not fit into the socket; a fork that lives on could fill it for ever.
            while self._killed_by is None and self._last_reads > 0 and self._reader.read():
                self._last_reads -= 1
        except channel.Corrupted:
            pass
        self._end_code()

    def reaped_other(self, pid):
        """What code of earlier runs left running is no straggler of this one."""

    def _end(self):
        if self._reader.end is not None and self._status is None:
            return True
        return self._end_everything()

    def _finish(self):
        super()._finish()
        self._reader = None

    def _facts(self):
        # Nobody listens to one that was killed: where there is an end, the code came to it by itself.
        end = self._reader.end
        if end is not None:
            exit_code, number = end["exitCode"], None
            reported = failure.reported(end["exception"].encode(), end["errno"]) if end["exception"] else None
        else:
            signalled = os.WIFSIGNALED(self._status)
            exit_code = None if signalled else os.WEXITSTATUS(self._status)
            number = os.WTERMSIG(self._status) if signalled else None
            reported = end = None
        return {
            "exitCode": exit_code,
            "signal": number,
            "endedBy": "process" if end is None else "interpreter",
            "interpreter": self._generation,
            "reported": reported,
            "userMs": None,
            "systemMs": None,
        }
