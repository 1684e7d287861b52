# ---
# id: 81
# name: carried-state
# title: Change what the next run is forked from
# class: python
# techniques: [T1574, T1565.003]
# defences: [user code runs in a child only, each run in a child of its own]
# steps: 2
# control: {}
# ---
"""All runs come from one prepared interpreter. Whatever one of them changes in modules, built-ins, environment, mask,
folder or limits must not be there in the next. The control looks in the same process.
"""
import builtins
import json
import locale
import os
import resource
import sys

step, mode = sys.argv[1:]


def change():
    json.carried = os.carried = sys.carried = builtins.carried = True
    sys.modules["carried"] = json
    sys.path.insert(0, "/tmp/carried")
    sys.setrecursionlimit(4321)
    os.environ["CARRIED"] = "1"
    os.umask(0o003)
    locale.setlocale(locale.LC_ALL, "C")
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))


def changes():
    found = [module.__name__ for module in (json, os, sys, builtins) if hasattr(module, "carried")]
    found += ["modules"] if "carried" in sys.modules else []
    found += ["path"] if "/tmp/carried" in sys.path else []
    found += ["recursion"] if sys.getrecursionlimit() == 4321 else []
    found += ["environment"] if "CARRIED" in os.environ else []
    found += ["umask"] if os.umask(0o022) == 0o003 else []
    found += ["stack"] if resource.getrlimit(resource.RLIMIT_STACK)[0] == 1 << 20 else []
    return found


if step == "1" or mode == "control":
    change()
found = changes() if step == "2" else []
saw = f"carried over: {', '.join(found) or 'nothing'}" if step == "2" else "changed"
print(json.dumps({"reached": bool(found), "saw": saw}))
