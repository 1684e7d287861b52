"""A script or a command: a run in a process of its own, of which nothing is left at its end."""

import math
import os
import signal
import time

import processes
from interpreter import encode_action
from run import Run
from streams import Feed

# Whoever forks faster than its processes can be found one by one is ended together with all others.
_MAX_ENDING_S = 0.2


class ProcessRun(Run):
    def __init__(self, order, household, journal, number):
        cell = household.take_cell_for_process()
        super().__init__(order, cell, household, journal, number)
        self._is_script = order.head["mode"] == "script"
        self._mark = processes.mark_of(number)
        self._status = self._usage = None
        cpu_s = math.ceil(self._limits["cpuMs"] / 1000) + 1
        head = {
            "mode": order.head["mode"],
            "args": order.head["args"],
            "argv": order.head["argv"],
            "env": self._resident.env | order.head["env"],
            "seed": self._resident.seed if order.head["seed"] is None else order.head["seed"],
            # Only a session has others beside it; some kernels (gVisor's) can't mark.
            "mark": self._mark if self._resident.is_session else None,
            # A backstop for each process; the sum over all processes is watched by `_tick`.
            "limits": {"RLIMIT_CPU": cpu_s},
        }
        action = encode_action(head, order.code if self._is_script else b"")
        self._action = Feed(cell.give("go"), action)
        self._stdin = Feed(cell.give("stdin"), order.stdin, close=not order.head["keepStdin"])
        self._started()

    def want(self, wanted, now):
        self._action.want(wanted)
        return super().want(wanted, now)

    def _watch(self, ready):
        self._action.write()

    def kill(self, reason):
        if self._ending_since is not None:
            return
        self._killed_by = self._killed_by or reason
        if self._resident.alive:
            processes.kill(self.cell.pid)
            processes.kill_marked(self._mark)
        else:
            processes.kill_all()

    def interrupt(self):
        if self._ending_since is None:
            self._interrupted = True
            try:
                os.killpg(self.cell.pid, signal.SIGINT)
            except ProcessLookupError:
                pass

    def ended(self, status, usage):
        """The run's own process has ended."""
        self._status, self._usage = status, usage
        self._end_code()

    def _end(self):
        """Returns whether nothing of the run lives any more; what the interpreter started stays."""
        if not self._resident.alive:
            return self._end_everything()
        found = processes.kill_marked(self._mark)
        self._stragglers.update(found)
        if found and time.monotonic() > self._ending_since + _MAX_ENDING_S:
            return self._end_everything()
        return not found

    def _finish(self):
        self._action.end()
        super()._finish()
        self.cell.close()

    def _facts(self):
        signalled = os.WIFSIGNALED(self._status)
        return {
            "exitCode": None if signalled else os.WEXITSTATUS(self._status),
            "signal": os.WTERMSIG(self._status) if signalled else None,
            "endedBy": "process",
            "interpreter": 0,
            "reported": self.cell.report.read() if self._is_script else None,
            "userMs": round(self._usage.ru_utime * 1000, 3),
            "systemMs": round(self._usage.ru_stime * 1000, 3),
        }
