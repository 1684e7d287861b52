# ---
# id: 54
# name: mixed-streams
# title: Write what seems to come from the other stream
# class: resources
# techniques: [T1036]
# defences: [a pipe of its own for each stream]
# control: {}
# ---
"""What a judge reads on stdout must not be what was written to stderr, nor the other way round. (The order of the
two against each other is only what the reader saw.) The control joins them and is caught.
"""
import json
import os
import sys

if sys.argv[2] == "control":
    os.dup2(1, 2)
same = os.path.sameopenfile(1, 2)
readable = []
for fd in (1, 2):
    os.set_blocking(fd, False)
    try:
        readable.append(os.read(fd, 1))
    except OSError:
        pass
    os.set_blocking(fd, True)
saw = f"stdout and stderr are {'one' if same else 'two'}; what was written can{'' if readable else 'not'} be read back"
print(json.dumps({"reached": same or bool(readable), "saw": saw}))
