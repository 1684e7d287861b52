"""What every run has in common: bounds, output, and the way to its end. The supervisor's loop drives it.

Nothing here interprets what user code writes: output is bytes in frames, and the end of a process
is the kernel's word (wait status, cgroup counters).

States: running -> ending (its code is over, processes of it may live) -> over (EXIT is sent).
A run whose bookkeeping fails is spoilt: everything in the sandbox is ended, and then the run.
`ProcessRun` is a run in a process of its own, `CellRun` one in the session's interpreter.
"""

import select
import sys
import time

import frames
import processes
from meter import Meter
from streams import Output

_TICK_S = 0.025
_ENDING_S = 0.0005
# Where nothing tells that a process has ended.
_ASKING_S = 0.002
_MAX_STDIN_WAITING = 1 << 20
# A program may meet the process limit and cope; one that meets it this often is a bomb.
_TOLERATED_REFUSED_FORKS = 100
# Of a run that nobody knows how it ended.
_UNKNOWN = {
    "exitCode": None,
    "signal": None,
    "endedBy": "process",
    "interpreter": 0,
    "reported": None,
    "userMs": None,
    "systemMs": None,
}


class Run:
    tick_s = _TICK_S
    # What evidence says of how it ended; each kind of run has its own.
    _facts = None

    def __init__(self, order, cell, household, journal, number):
        self._household = household
        self._resident = household.resident
        self._journal = journal
        self.id = order.head["id"]
        self.cell = cell
        self._limits = order.head["limits"]
        self._kept_as = self.id if order.head["retain"] else None
        self._had_state = self._resident.alive
        self._killed_by = None
        self._interrupted = False
        self._ending_since = None
        self._stragglers = set()
        self._spoilt = False
        self.over = False
        self._output = Output(cell, self._limits["outputBytes"], self._emit)
        self._meter = Meter(again=number > 1)
        self._deadline = self._meter.deadline(self._limits["wallMs"])

    def _emit(self, kind, payload):
        self._journal.add(self._kept_as, kind, payload)

    def _started(self):
        self._emit(frames.STARTED, frames.to_json({"id": self.id}))

    def want(self, wanted, now):
        """Names what to wait for; returns the time at which the run wants its turn anyway."""
        if self._ending_since is not None:
            return now + _ENDING_S
        if self.cell.pidfd is not None:
            wanted[self.cell.pidfd] = select.POLLIN
        self._stdin.want(wanted)
        rest = None if self._journal.full else self._output.want(wanted, now)
        # Who is killed already has no deadline to meet.
        limit = self._deadline if self._killed_by is None else now + _ENDING_S
        tick = self.tick_s if self.cell.pidfd is not None else _ASKING_S
        return min(at for at in (rest, limit, now + tick) if at is not None)

    def advance(self, ready):
        self._guarded(self._advance, ready)

    def cancel(self):
        self._guarded(self.kill, "cancel")

    def _guarded(self, step, *args):
        try:
            step(*args)
        except Exception:
            if self._spoilt:
                raise
            # What code says or does must never end the launcher; it ends the code instead.
            sys.excepthook(*sys.exc_info())
            self._spoilt = True
            self._killed_by = "corrupted"
            self._end_code()

    def _advance(self, ready):
        if self._ending_since is None:
            self._output.pump(ready)
            self._stdin.write()
            self._watch(ready)
        if self._ending_since is None:
            self._tick()
        if self._ending_since is not None and (self._end_everything() if self._spoilt else self._end()):
            self._finish()

    def _watch(self, ready):
        """What only one kind of run listens to."""

    def _tick(self):
        """Compares the run with its limits."""
        if self._output.over:
            self.kill("output")
            return
        if time.monotonic() >= self._deadline:
            self.kill("wall")
            return
        cpu, _, refused = self._meter.since_start()
        if cpu is not None and cpu > self._limits["cpuMs"] * 1_000_000:
            self.kill("cpu")
        elif refused is not None and refused > _TOLERATED_REFUSED_FORKS:
            self.kill("processes")

    def feed(self, data, close):
        """More stdin; returns how many bytes wait. Raises OSError where there is no room or no reader."""
        if self._ending_since is not None or not self._stdin.takes_more:
            raise OSError(32, "the run has no open stdin")
        if self._stdin.waiting + len(data) > _MAX_STDIN_WAITING:
            raise OSError(11, f"more than {_MAX_STDIN_WAITING} bytes would wait")
        self._stdin.add(data, close)
        return self._stdin.waiting

    def reaped_other(self, pid):
        """Another process than the run's own has ended."""
        if self._ending_since is not None and not self._resident.alive:
            self._stragglers.add(pid)

    def _end_code(self):
        """The code is over, whatever of it still lives."""
        if self._ending_since is None:
            self._meter.stop_clock()
            self._ending_since = time.monotonic()

    def _end_everything(self):
        """Kills whatever lives in the sandbox; returns whether nothing does any more."""
        self._resident.lose()
        if not self._household.reap(self):
            return True
        processes.kill_all()
        return False

    def _finish(self):
        if not self._spoilt:
            self._output.drain()
        if self._killed_by is None and self._output.over:
            self._killed_by = "output"
        self._stdin.end()
        evidence = {
            **(_UNKNOWN if self._spoilt else self._facts()),
            "killedBy": self._killed_by,
            "interrupted": self._interrupted,
            "stateLost": self._had_state and not self._resident.alive,
            "stragglers": len(self._stragglers),
            "stdoutBytes": self._output.seen[frames.STDOUT],
            "stderrBytes": self._output.seen[frames.STDERR],
            "stdoutTruncated": self._spoilt or self._output.truncated[frames.STDOUT],
            "stderrTruncated": self._spoilt or self._output.truncated[frames.STDERR],
            **self._meter.read(),
            "denied": {"reported": self.cell.reports, **self.cell.denials.take()},
        }
        self._emit(frames.EXIT, frames.to_json(evidence))
        self.over = True
        # Without the way back to this run, its memory need not wait for the collector of garbage.
        self._output = None
