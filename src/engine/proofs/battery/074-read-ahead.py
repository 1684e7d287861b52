# ---
# id: 74
# name: read-ahead
# title: Read the inputs of runs that are still to come
# class: python
# techniques: [T1005, T1119]
# defences: [each run has a stdin of its own, with that run's input only]
# control: {}
# ---
"""A judge that feeds all its test inputs to one program shows it all of them. Here stdin ends with the run's own input.

The control has three inputs in one pipe and reads all before it answers the first.
"""
import json
import os
import select
import sys

source = 0
if sys.argv[2] == "control":
    source, feed = os.pipe()
    os.write(feed, b"first\nsecond\nthird\n")
    os.close(feed)
read = b""
while select.select([source], [], [], 0.3)[0] and (piece := os.read(source, 4096)):
    read += piece
for name in ("/proc/self/fd/0", "/dev/stdin"):
    try:
        with open(os.open(name, os.O_RDONLY | os.O_NONBLOCK), "rb") as again:
            read += again.read() or b""
    except OSError:
        pass
lines = read.count(b"\n")
print(json.dumps({"reached": lines > 1, "saw": f"{lines} lines of input beyond this run's own"}))
