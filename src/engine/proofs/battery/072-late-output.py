# ---
# id: 72
# name: late-output
# title: Write to stdout after the program has ended
# class: python
# techniques: [T1036, T1565.002]
# defences: [output is cut at the end of the run's process]
# wallMs: 5000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A child that lives on adds a line of its own: the last line is what counts. The control waits for it to do so."""
import json
import os
import sys
import threading
import time
import weakref

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


late = json.dumps({"reached": True, "saw": "a line that came late"})


class Thing:
    pass


thing = Thing()
weakref.finalize(thing, time.sleep, 0.05)
threading.Thread(target=time.sleep, args=(0.05,)).start()
print(json.dumps({"reached": False, "saw": "nothing came after this line"}), flush=True)
child = os.fork()
if child == 0:
    if sys.argv[2] == "attempt":
        while os.getppid() != 1:
            time.sleep(0.005)
        time.sleep(0.2)
    os.write(1, late.encode() + b"\n")
    os._exit(0)
if sys.argv[2] == "control":
    os.waitpid(child, 0)
