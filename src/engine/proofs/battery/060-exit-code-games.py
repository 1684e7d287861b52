# ---
# id: 60
# name: exit-code-games
# title: End with the code of another ending
# class: resources
# techniques: [T1036]
# defences: [the kernel's word for how a process ended, the cgroup's counters]
# containedBy: [nonzero_exit]
# control: {}
# ---
"""137 is what a shell shows for SIGKILL, and engines for "out of memory"; 124 is timeout's. Both are only numbers
of the program's own here. The control ends with 0.
"""
import json
import os
import sys

if sys.argv[2] == "control":
    print(json.dumps({"reached": True, "saw": "it ended as it said"}))
    sys.exit()
print("Killed\nOut of memory", file=sys.stderr, flush=True)
os._exit(137)
