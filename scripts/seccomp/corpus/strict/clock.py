"""Time, and waiting for it."""

import datetime
import sched
import time
import timeit
import zoneinfo

before = time.monotonic()
time.sleep(0.01)
assert time.monotonic() - before >= 0.009
print(time.time(), time.time_ns(), time.perf_counter(), time.process_time(), time.thread_time())
print(time.clock_getres(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME), time.localtime(), time.tzset())
print(datetime.datetime.now(datetime.UTC), datetime.date.today(), time.strftime("%c"))
print(timeit.timeit("1 + 1", number=10))
try:
    zoneinfo.ZoneInfo("Europe/Berlin")
except zoneinfo.ZoneInfoNotFoundError:
    print("no time zones in this image")
plan = sched.scheduler()
plan.enter(0.001, 1, lambda: None)
plan.run()
