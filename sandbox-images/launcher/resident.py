"""The interpreter of a session, as the launcher has it.

States: none (no session) -> alive -> lost (its process or its state is gone, what it started may live)
-> vacant (nothing lives) -> alive, one generation later.
"""

import select

import processes
from interpreter import encode_action
from streams import Feed


class Resident:
    def __init__(self):
        self.generation = 0
        self.cell = None
        self.go = None
        self.env = {}
        self.seed = None
        self._lost = False
        self._used = False

    @property
    def is_session(self):
        return self.generation > 0

    @property
    def alive(self):
        return self.cell is not None and not self._lost

    @property
    def lost(self):
        return self._lost

    @property
    def vacant(self):
        return self.is_session and self.cell is None

    @property
    def wanted(self):
        """One that ended before it ran anything is made again only when a run needs it."""
        return self.vacant and self._used

    def open(self, cell, env, seed):
        self.generation = 1
        self.env, self.seed = env, seed
        self.move_in(cell)

    def move_in(self, cell):
        """The cell becomes the interpreter."""
        self.cell = cell
        self._used = False
        cell.close_one("stdin")
        head = {"mode": "session", "env": self.env, "seed": self.seed}
        self.go = Feed(cell.give("go"), encode_action(head, b""), close=False)

    def want(self, wanted):
        """Between runs: names what to wait for."""
        self.go.write()
        self.go.want(wanted)
        if self.cell.pidfd is not None:
            wanted[self.cell.pidfd] = select.POLLIN
        wanted[self.cell.channel] = select.POLLIN

    def use(self):
        self._used = True

    def give_up(self):
        """There is no room for it; it is made when a run needs it."""
        self._used = False

    def lose(self):
        if self.alive:
            self._lost = True
            self.generation += 1

    def clear(self, reap):
        """Ends what a lost interpreter left running; returns whether all of it has ended."""
        if reap():
            processes.kill_all()
            return False
        self._lost = False
        self.go.end()
        self.cell.close()
        self.cell = self.go = None
        return True
