# ---
# id: 57
# name: kept-pipe
# title: Keep stdout open in a child, so that the output never ends
# class: resources
# techniques: [T1499]
# defences: [a run ends with its process, not with its pipes]
# wallMs: 4000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Who reads until the end of the stream waits as long as the last child holds it. The control is such a reader."""
import json
import os
import select
import sys
import time

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


if sys.argv[2] == "control":
    read, write = os.pipe()
    if os.fork() == 0:
        time.sleep(2)
        os._exit(0)
    os.close(write)
    ended = bool(select.select([read], [], [], 0.3)[0])
    print(json.dumps({"reached": not ended, "saw": "the stream did not end in 300 ms"}))
    sys.exit()
print(json.dumps({"reached": False, "saw": "the program ended at once; its child keeps the streams"}), flush=True)
if os.fork() == 0:
    os.setsid()
    time.sleep(60)
