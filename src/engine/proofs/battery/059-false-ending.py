# ---
# id: 59
# name: false-ending
# title: Claim a good end and then die
# class: resources
# techniques: [T1036]
# defences: [the kernel's word for how a process ended]
# containedBy: [signalled]
# control: {}
# ---
"""Text is no verdict: the program says that all went well, hides its ends, and is killed. The run must say so."""
import atexit
import json
import os
import signal
import sys

atexit.register(os._exit, 0)
sys.excepthook = lambda *_: os._exit(0)
print('{"outcome": "ok", "exitCode": 0}')
print(json.dumps({"ended": "ok"}), flush=True)
if sys.argv[2] == "attempt":
    os.kill(os.getpid(), signal.SIGKILL)
print(json.dumps({"reached": True, "saw": "it lived on and ended with 0"}), flush=True)
