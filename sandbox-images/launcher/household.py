"""The processes that the launcher has: cells that wait for their use, a session's interpreter, and who has ended."""

import processes
from resident import Resident


class Household:
    def __init__(self, parked, make_cell):
        self._parked = parked
        self._make_cell = make_cell
        self._spare_wanted = False
        self.resident = Resident()

    def ready_cell(self):
        """Sees to it that a cell waits. Raises OSError where there is no room. In a child it does not return."""
        if self._parked is None:
            self._parked = self._make_cell()

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
                self._parked = self._make_cell(early=True)
        except OSError:
            # Made when a run needs it, which then tells what is wrong.
            resident.give_up()

    def reap(self, run=None):
        """Takes note of every process that has ended; returns whether others live."""
        for pid, status, usage in processes.reap():
            if pid == 0:
                return True
            if self._parked is not None and pid == self._parked.pid:
                self._parked.close()
                self._parked = None
            if self.resident.cell is not None and pid == self.resident.cell.pid:
                self.resident.lose()
            if run is None:
                continue
            if pid == run.cell.pid:
                run.ended(status, usage)
            else:
                run.reaped_other(pid)
        return False
