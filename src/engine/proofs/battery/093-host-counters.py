# ---
# id: 93
# name: host-counters
# title: Watch neighbours through the kernel's counters (load, CPU and memory totals remain)
# class: network
# techniques: [T1082, T1057]
# defences: [masked paths, landlock]
# control: {}
# ---
"""Interrupts, timers and latencies show when a neighbour types, computes or sends, to the microsecond, and are
masked. /proc/loadavg, stat, meminfo, vmstat and pressure are the whole machine's and stay readable, since programs
need some of them; they tell how busy the host is. The control shows that such a counter moves. In gVisor only the
clock does.
"""
import json
import os
import sys
import time

masked = """/proc/interrupts /proc/timer_list /proc/timer_stats /proc/latency_stats /proc/sched_debug /proc/keys
/proc/key-users /proc/slabinfo /proc/modules /sys/kernel/debug/sched/debug /sys/kernel/slab
/sys/class/net/eth0/statistics /sys/class/thermal /sys/class/hwmon /sys/class/powercap /sys/class/block""".split()
remaining = """/proc/loadavg /proc/stat /proc/meminfo /proc/vmstat /proc/pressure/cpu /proc/softirqs
/proc/diskstats""".split()
if sys.argv[2] == "control":
    masked = ["/proc/stat", "/proc/uptime"]


def content(path):
    try:
        if os.path.isdir(path):
            return " ".join(os.listdir(path))
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


seen = [path for path in masked if content(path)]
if sys.argv[2] == "control":
    first = {path: content(path) for path in seen}
    sum(range(3_000_000))
    time.sleep(0.05)
    seen = [path for path in seen if content(path) != first[path]]
open_ones = [path for path in remaining if content(path)]
saw = f"told something: {', '.join(seen) or 'none'} of {len(masked)}; readable as documented: {', '.join(open_ones)}"
print(json.dumps({"reached": bool(seen), "saw": saw}))
