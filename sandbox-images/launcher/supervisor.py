"""Serves one service after the other: runs and calls, at once, in one loop."""

import gc
import json
import math
import os
import select
import struct
import time

import cgroup
import frames
from calls import Calls
from cell_run import CellRun
from files import Files
from intake import Intake
from journal import Journal
from process_run import ProcessRun
from wipe import Wipe

_COUNT = struct.Struct(">Q")
_NONCE_BYTES = 16
# How long processes that ended may wait to be reaped while nothing else happens.
_IDLE_REAP_S = 1
_CLEARING_S = 0.001


class Supervisor:
    def __init__(self, link, household, orphan_s):
        self._link = link
        self._household = household
        self._resident = household.resident
        self._orphan_s = orphan_s
        self._journal = Journal(link)
        self._files = Files()
        self._wiping = Wipe(household)
        handlers = {"open": self._open, "stdin": self._feed, "wipe": self._wipe, **self._files.calls}
        self._calls = Calls(link, handlers)
        self._intake = None
        self._order = None
        self._early_signals = []
        self._run = None
        self._runs = 0

    def loop(self):
        while True:
            ready = self._wait()
            if 0 in ready:
                for kind, payload in self._link.receive():
                    self._on_frame(kind, payload)
            self._household.deny(ready, self._run)
            self._household.reap(self._run)
            if self._run is not None:
                self._run.advance(ready)
            elif self._resident.alive and self._resident.cell.channel in ready:
                # Nothing is to be said between runs.
                self._resident.lose()
            if self._run is not None and self._run.over:
                self._run = None
                self._link.flush()
            if self._run is None:
                self._household.keep(idle=self._order is None)
            if self._can_begin():
                self._begin()
            self._calls.step()
            self._journal.pump()
            self._link.flush()

    def _wait(self):
        """Waits until something is to be done; returns what is ready, by descriptor."""
        now = time.monotonic()
        wanted = {}
        self._link.want(wanted)
        self._household.want(wanted, self._run)
        wake = self._link.heard + self._orphan_s
        if now >= wake:
            # The service is gone for good; everything in here ends with this process.
            os._exit(0)
        if self._run is not None:
            wake = min(wake, self._run.want(wanted, now))
        elif self._resident.alive:
            self._resident.want(wanted)
            wake = min(wake, now + _IDLE_REAP_S)
        elif self._resident.lost:
            wake = now + _CLEARING_S
        if self._calls.pending or self._can_begin():
            wake = now
        poller = select.poll()
        for fd, events in wanted.items():
            poller.register(fd, events)
        return dict(poller.poll(max(0, math.ceil((wake - now) * 1000))))

    def _on_frame(self, kind, payload):
        if kind == frames.PING:
            self._link.send(frames.PONG, payload + _COUNT.pack(cgroup.cpu_ns() or 0))
        elif kind == frames.INPUT and self._intake is not None:
            if self._intake.take(payload):
                self._order, self._intake = self._intake, None
        elif kind == frames.CUT:
            self._drop_intake()
        elif kind == frames.RESUME:
            self._resume(payload)
        elif kind == frames.ACK:
            self._journal.acknowledge(_COUNT.unpack(payload)[0])
        elif kind == frames.CALL:
            self._calls.add(payload)
        elif kind in (frames.CANCEL, frames.INTERRUPT):
            self._signal(kind, payload.decode())
        elif kind == frames.RUN and self._intake is self._order is self._run is None:
            self._intake = Intake(json.loads(payload))
        else:
            raise frames.ProtocolError(f"frame type {kind:#x} out of place")

    def _drop_intake(self):
        if self._intake is not None:
            self._intake.drop()
            self._intake = None

    def _resume(self, nonce):
        if len(nonce) != _NONCE_BYTES:
            raise frames.ProtocolError(f"a nonce of {len(nonce)} bytes")
        self._drop_intake()
        self._calls.clear()
        self._files.close_all()
        self._link.resume(nonce)
        going = self._order.head["id"] if self._order is not None else self._run and self._run.id
        facts = {
            "running": going,
            "retained": self._journal.retained(),
            "interpreter": self._resident.generation,
        }
        self._link.send_json(frames.RESUMED, facts)
        self._journal.rewind()

    def _signal(self, kind, run):
        if self._order is not None and self._order.head["id"] == run:
            self._early_signals.append(kind)
        elif self._run is not None and self._run.id == run:
            if kind == frames.CANCEL:
                self._run.cancel()
            else:
                self._run.interrupt()

    def _can_begin(self):
        return self._order is not None and self._run is None and not self._resident.lost

    def _begin(self):
        """Begins the run that has arrived, or refuses it."""
        order = self._order
        is_cell = order.head["mode"] == "cell"
        try:
            if is_cell and not self._resident.is_session:
                raise OSError(22, "no session is open")
            # What may be refused comes before anything is changed.
            self._household.fill() if is_cell else self._household.ready_cell()
            order.commit()
            self._runs += 1
            make = CellRun if is_cell else ProcessRun
            run = make(order, self._household, self._journal, self._runs)
        except OSError as error:
            self._refuse(error)
            return
        self._order, self._run = None, run
        for kind in self._early_signals:
            self._signal(kind, run.id)
        self._early_signals.clear()

    def _refuse(self, error):
        order, self._order = self._order, None
        self._early_signals.clear()
        order.drop()
        reason = {"errno": error.errno or 5, "reason": (error.strerror or str(error))[:8000]}
        self._journal.add(order.head["id"] if order.head["retain"] else None, frames.REFUSED, frames.to_json(reason))

    def _open(self, head, _):
        if self._resident.is_session:
            raise OSError(17, "a session is open")
        if self._run is not None or self._order is not None or self._intake is not None:
            raise OSError(16, "a run is on its way")
        self._resident.open(self._household.take_cell(), head.get("env", {}), head.get("seed"))
        self._household.settle()
        # A launcher that serves one run has no use for it; one that lives on must not grow.
        gc.enable()
        return {"interpreter": self._resident.generation}, b""

    def _wipe(self, head, _):
        if self._resident.is_session:
            raise OSError(17, "a session is open")
        if self._run is not None or self._order is not None or self._intake is not None:
            raise OSError(16, "a run is on its way")
        self._files.close_all()
        return self._wiping.steps()

    def _feed(self, head, data):
        if self._run is None or self._run.id != head["run"]:
            raise OSError(32, "no such run has an open stdin")
        return {"waiting": self._run.feed(data, head.get("close", False))}, b""
