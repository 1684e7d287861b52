# ---
# id: 75
# name: false-clock
# title: Fake the clock, to seem fast or to never be late
# class: python
# techniques: [T1070.006, T1497.003]
# defences: [time is measured outside of the sandbox, seccomp, syscall_tier]
# containedBy: [time_limit]
# wallMs: 1000
# control: {}
# ---
"""For this process no time passes; for the service it does. The control stops before the limit and shows that the
process believed it.
"""
import json
import sys
import time

real = time.monotonic
began = real()
for name in ("time", "monotonic", "perf_counter", "process_time"):
    setattr(time, name, lambda: 0.0)
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC):
    try:
        time.clock_settime(clock, 0.0)
    except OSError:
        pass
bound = 0.3 if sys.argv[2] == "control" else 60
while time.monotonic() < 1 and real() - began < bound:
    time.sleep(0.01)
saw = f"{real() - began:.1f} s passed and the program's clock stood still"
print(json.dumps({"reached": time.monotonic() == 0, "saw": saw}))
