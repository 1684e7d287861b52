"""What a run used, as the kernel counted it for the whole sandbox since the run began."""

import time

import cgroup
import workspace


class Meter:
    def __init__(self, again=False):
        """`again`: the sandbox ran something before, whose peak of memory is not this run's."""
        self._base = self._counters()
        self._peak_before = cgroup.memory_peak_bytes() if again else None
        self._started = time.monotonic()
        self._wall_ms = None

    @staticmethod
    def _counters():
        return cgroup.cpu_ns(), cgroup.oom_kills(), cgroup.refused_forks()

    def since_start(self):
        """CPU in ns, processes killed for memory, refused forks; None for what this host doesn't count."""
        pairs = zip(self._counters(), self._base, strict=True)
        return tuple(None if now is None or base is None else now - base for now, base in pairs)

    def deadline(self, wall_ms):
        return self._started + wall_ms / 1000

    def stop_clock(self):
        if self._wall_ms is None:
            self._wall_ms = (time.monotonic() - self._started) * 1000

    def read(self):
        self.stop_clock()
        cpu, oom_kills, refused_forks = self.since_start()
        return {
            "oomKills": oom_kills,
            "refusedForks": refused_forks,
            "disk": workspace.disk(),
            "wallMs": round(self._wall_ms, 3),
            "cpuMs": None if cpu is None else round(cpu / 1e6, 3),
            "memoryPeakBytes": self._peak(),
        }

    def _peak(self):
        """None where it is not known to be this run's: the kernel keeps the highest of the sandbox's life."""
        peak = cgroup.memory_peak_bytes()
        return peak if self._peak_before is None or (peak or 0) > self._peak_before else None
