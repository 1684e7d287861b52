"""One action in one cell: started, watched, ended, and what became of it.

Nothing here interprets what user code writes: output is bytes in frames, and the end of a run
is the kernel's word (wait status, cgroup counters).
"""

import math
import os
import select
import signal
import time

import cgroup
import frames
import workspace
from link import CHUNK

# Above this much unsent output the cell's pipes are left unread, so a slow service slows
# the cell, not the launcher's memory.
MAX_UNSENT = 1 << 20
TICK_MS = 25
# A program may meet the process limit and cope; one that meets it this often is a bomb.
TOLERATED_REFUSED_FORKS = 100


def _kill_all():
    """From PID 1 this reaches every other process of the namespace, also one that forks just now."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Run:
    """Made for one action; `execute` is its whole life."""

    def __init__(self, link, cell, action):
        self._link = link
        self._cell = cell
        self._limits = action["limits"]
        self._action = action
        self._output_left = self._limits["outputBytes"]
        self._seen = {frames.STDOUT: 0, frames.STDERR: 0}
        self._truncated = {frames.STDOUT: False, frames.STDERR: False}
        self._killed_by = None
        self._status = None
        self._usage = None
        self._stragglers = 0
        self._open = {cell.stdout: frames.STDOUT, cell.stderr: frames.STDERR}

    def execute(self, code, stdin, incoming):
        self._base = (cgroup.cpu_ns(), cgroup.oom_kills(), cgroup.refused_forks())
        self._stdin = memoryview(stdin)
        cpu_s = math.ceil(self._limits["cpuMs"] / 1000) + 1
        head = {
            "args": self._action["args"],
            "env": self._action["env"],
            "seed": self._action["seed"],
            # A backstop for each process; the sum over all processes is watched by `_tick`.
            "limits": {"RLIMIT_CPU": cpu_s},
        }
        self._started = time.monotonic()
        self._deadline = self._started + self._limits["wallMs"] / 1000
        self._cell.start(head, code)
        self._link.send(frames.STARTED)
        for kind, _ in incoming:
            self._on_frame(kind)
        self._watch()
        wall_ms = (time.monotonic() - self._started) * 1000
        self._end_all()
        self._drain()
        self._link.send_json(frames.EXIT, self._evidence(wall_ms))
        self._send_outputs()
        self._link.flush_all()

    def _watch(self):
        cell, link = self._cell, self._link
        if not self._stdin:
            self._close_stdin()
        while self._status is None:
            poller = select.poll()
            poller.register(0, select.POLLIN)
            poller.register(cell.pidfd, select.POLLIN)
            if link.unsent:
                poller.register(1, select.POLLOUT)
            if len(link.unsent) < MAX_UNSENT:
                for fd in self._open:
                    poller.register(fd, select.POLLIN)
            if self._stdin:
                poller.register(cell.stdin, select.POLLOUT)
            left_ms = (self._deadline - time.monotonic()) * 1000
            ready = dict(poller.poll(max(0, min(TICK_MS, math.ceil(left_ms)))))
            for fd in [fd for fd in self._open if fd in ready]:
                self._pump(fd)
            if cell.stdin in ready and self._stdin:
                self._feed_stdin()
            if 0 in ready:
                for kind, _ in link.receive():
                    self._on_frame(kind)
            link.flush()
            self._reap()
            if self._status is None:
                self._tick()

    def _on_frame(self, kind):
        if kind == frames.CANCEL:
            self._kill("cancel")
        elif kind == frames.PING:
            self._link.send(frames.PONG)
        else:
            raise frames.ProtocolError(f"frame type {kind:#x} during a run")

    def _tick(self):
        """Compares the run with its limits."""
        if time.monotonic() >= self._deadline:
            self._kill("wall")
            return
        cpu, _, refused = self._since_start()
        if cpu is not None and cpu > self._limits["cpuMs"] * 1_000_000:
            self._kill("cpu")
        elif refused is not None and refused > TOLERATED_REFUSED_FORKS:
            self._kill("processes")

    def _since_start(self):
        now = (cgroup.cpu_ns(), cgroup.oom_kills(), cgroup.refused_forks())
        return tuple(None if a is None or b is None else a - b for a, b in zip(now, self._base, strict=True))

    def _kill(self, reason):
        if self._killed_by is None:
            self._killed_by = reason
        _kill_all()

    def _pump(self, fd):
        """Moves one chunk of output; returns whether there may be more."""
        kind = self._open[fd]
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        if not data:
            os.close(fd)
            del self._open[fd]
            return False
        self._seen[kind] += len(data)
        kept = data[: self._output_left]
        self._output_left -= len(kept)
        if kept:
            self._link.send(kind, kept)
        if len(kept) < len(data):
            self._truncated[kind] = True
            self._kill("output")
        return True

    def _feed_stdin(self):
        try:
            self._stdin = self._stdin[os.write(self._cell.stdin, self._stdin[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._stdin = memoryview(b"")
        if not self._stdin:
            self._close_stdin()

    def _close_stdin(self):
        os.close(self._cell.stdin)
        self._cell.stdin = None

    def _reap(self):
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._cell.pid:
                self._status, self._usage = status, usage
            elif self._status is not None:
                self._stragglers += 1

    def _end_all(self):
        """Kills and reaps whatever the run left behind, until no process is there."""
        while self._reap():
            _kill_all()
            time.sleep(0.0005)

    def _drain(self):
        """Takes what is still in the pipes. No writer lives, so this ends."""
        for fd in list(self._open):
            while fd in self._open and self._pump(fd):
                self._link.flush()

    def _evidence(self, wall_ms):
        cpu, oom_kills, refused_forks = self._since_start()
        signalled = os.WIFSIGNALED(self._status)
        return {
            "exitCode": None if signalled else os.WEXITSTATUS(self._status),
            "signal": os.WTERMSIG(self._status) if signalled else None,
            "killedBy": self._killed_by,
            "oomKills": oom_kills,
            "refusedForks": refused_forks,
            "reported": self._cell.report.read(),
            "disk": workspace.disk(),
            "stragglers": self._stragglers,
            "stdoutBytes": self._seen[frames.STDOUT],
            "stderrBytes": self._seen[frames.STDERR],
            "stdoutTruncated": self._truncated[frames.STDOUT],
            "stderrTruncated": self._truncated[frames.STDERR],
            "wallMs": round(wall_ms, 3),
            "cpuMs": None if cpu is None else round(cpu / 1e6, 3),
            "userMs": round(self._usage.ru_utime * 1000, 3),
            "systemMs": round(self._usage.ru_stime * 1000, 3),
            "memoryPeakBytes": cgroup.memory_peak_bytes(),
        }

    def _send_outputs(self):
        outputs = self._action["outputs"]
        if outputs["patterns"]:
            found = workspace.collect(outputs["patterns"], outputs["maxFiles"], outputs["maxBytes"])
            for what, path, detail, fd in found:
                if what == "skipped":
                    self._link.send_json(frames.FILE, {"path": path, "skipped": detail})
                    continue
                self._link.send_json(frames.FILE, {"path": path, "bytes": detail})
                self._send_file(fd, detail)
        self._link.send_json(frames.FILE, {"end": True})

    def _send_file(self, fd, size):
        try:
            left = size
            while left > 0 and (data := os.read(fd, min(CHUNK, left))):
                left -= len(data)
                self._link.send(frames.FILE_DATA, data)
                # Chunk by chunk: a file in memory once more could be what the sandbox is ended for.
                self._link.flush_all()
        finally:
            os.close(fd)
