# ---
# id: 53
# name: output-flood
# title: Write output without end, in one line and in single bytes
# class: resources
# techniques: [T1499.003]
# defences: [a bound of bytes, counted as they are read]
# containedBy: [output_limit]
# wallMs: 20000
# control:
#   limits: { outputBytes: 67108864 }
# ---
"""What reads it must neither keep it all nor wait for the end of a line. More than any policy may allow is written."""
import json
import os
import sys

MiB = 1 << 20
goal = 20 * MiB if sys.argv[2] == "control" else 72 * MiB
written = 0
for _ in range(20_000):
    written += os.write(2, b"x")
while written < goal:
    written += os.write(1, b"x" * 65_536)
print()
print(json.dumps({"reached": True, "saw": f"wrote {written} bytes"}))
