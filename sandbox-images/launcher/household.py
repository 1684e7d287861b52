"""The processes that the launcher has: cells that wait for their use, a session's interpreter, and who has ended."""

import select

import denials
import processes
from cell import Cell
from resident import Resident


class Household:
    def __init__(self, parked, origin, launcher):
        """`origin`: what cells are forked from; `launcher`: what those of a session are."""
        self._parked = parked
        self._origin = origin
        self._launcher = launcher
        self._spare_wanted = False
        self.resident = Resident()

    def ready_cell(self):
        """Sees to it that a cell waits. Raises OSError where there is no room. In a child it does not return."""
        if self._parked is None:
            self._parked = Cell(self._origin)

    def park(self):
        """Ahead of need, so that nobody waits for it."""
        if self._parked is None:
            self._parked = Cell(self._origin, early=True)

    def settle(self):
        """One session lives here from now on: its cells may have the launcher's memory, and outlive its zygote."""
        if self._origin.pid is not None:
            processes.kill(self._origin.pid)
        self._origin = self._launcher

    def take_cell(self):
        """As `ready_cell`, and returns the cell, which is used by that."""
        self.ready_cell()
        cell, self._parked = self._parked, None
        return cell

    def take_cell_for_process(self):
        cell = self.take_cell()
        # Who had one of these will have more: in a session the next one is ready when it is asked for.
        self._spare_wanted = True
        return cell

    def fill(self):
        """Sees to it that a session's interpreter is there. Raises OSError where there is no room for it."""
        if self.resident.vacant:
            self.resident.move_in(self.take_cell())

    def keep(self, idle):
        """Between runs: a lost interpreter is replaced, once all that it left behind has ended.

        Not `idle`: a run is about to begin, and makes for itself what it needs.
        """
        resident = self.resident
        if not resident.is_session or (resident.lost and not resident.clear(self.reap)) or not idle:
            return
        try:
            if resident.wanted:
                self.fill()
            elif self._spare_wanted and self._parked is None:
                self._spare_wanted = False
                self.park()
        except OSError:
            # Made when a run needs it, which then tells what is wrong.
            resident.give_up()

    def want(self, wanted, run):
        """Names the listeners of all filters that are in use."""
        for cell, _ in self._listening(run):
            wanted[cell.listener] = select.POLLIN

    def deny(self, ready, run):
        """Answers what the kernel asks about denied calls."""
        for cell, counts in self._listening(run):
            if cell.listener in ready and not denials.answer(cell.listener, counts):
                cell.close_one("listener")

    def _listening(self, run):
        """What a cell calls before it has an action is not its code's."""
        parked = [(self._parked, _uncounted)] if self._parked is not None else []
        others = {self.resident.cell, run and run.cell} - {None}
        in_use = [(cell, cell.denials.count) for cell in others]
        return [(cell, count) for cell, count in parked + in_use if cell.listener is not None]

    def reap(self, run=None):
        """Takes note of every process that has ended; returns whether others live."""
        for pid, status, usage in processes.reap():
            if pid == 0:
                return self._others()
            if self._parked is not None and pid == self._parked.pid:
                self._parked.close()
                self._parked = None
            if self.resident.cell is not None and pid == self.resident.cell.pid:
                self.resident.lose()
            if run is None or pid == self._origin.pid:
                continue
            if pid == run.cell.pid:
                run.ended(status, usage)
            else:
                run.reaped_other(pid)
        return False

    def strangers(self):
        """Processes that nobody should find here between two cells, in words."""
        return [f"process {pid}" for pid in processes.living() - {self._origin.pid}]

    def _others(self):
        """Whether anything lives but what cells are forked from."""
        return self._origin.pid is None or not processes.living() <= {self._origin.pid}


def _uncounted(*_):
    pass
