# ---
# id: 73
# name: hooks
# title: Leave trace, profile and audit hooks for the next program
# class: python
# techniques: [T1546, T1056.004]
# defences: [each run in an interpreter of its own]
# steps: 2
# control: {}
# ---
"""A hook sees every call and event of its interpreter and can't be taken out. The control looks in the same one."""
import json
import sys
import threading

step, mode = sys.argv[1:]
heard = []


def listen(event, args):
    if event == "battery.look":
        args[0].append("audit")


def trace(*_):
    return None


if step == "1" or mode == "control":
    sys.addaudithook(listen)
    sys.settrace(trace)
    sys.setprofile(trace)
    threading.settrace(trace)
    sys.excepthook = trace
if step == "2":
    sys.audit("battery.look", heard)
    heard += ["trace"] if sys.gettrace() else []
    heard += ["profile"] if sys.getprofile() else []
    heard += ["except"] if sys.excepthook is not sys.__excepthook__ else []
print(json.dumps({"reached": bool(heard), "saw": f"hooks found: {', '.join(heard) or 'none'}"}))
