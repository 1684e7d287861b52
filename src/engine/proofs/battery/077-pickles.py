# ---
# id: 77
# name: pickles
# title: Return data that runs code when it is read
# class: python
# techniques: [T1059.006, T1204.002]
# defences: [what comes back is bytes and is never unpickled]
# steps: 2
# control: {}
# ---
"""A pickle names a function to call. The first run leaves some wherever a reader could look and prints one; the
second looks whether one was read. The control reads it.
"""
import glob
import json
import os
import pickle
import sys

MARK = "/tmp/unpickled"
step, mode = sys.argv[1:]


class Command:
    def __reduce__(self):
        return os.mkdir, (MARK,)


if step == "1":
    data = pickle.dumps(Command())
    for folder in ("/workspace", "/tmp", "/dev/shm"):
        for name in ("result.pkl", "output.pickle", "model.joblib", "cache.db", "action.py.state"):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.flush()
if mode == "control" and not os.path.exists(MARK):
    pickle.loads(pickle.dumps(Command()))
ran = [path for path in (MARK,) if os.path.exists(path)]
left = len(glob.glob("/workspace/*.pkl")) if step == "2" else 0
print(json.dumps({"reached": bool(ran), "saw": f"it {'ran' if ran else 'did not run'}; {left} pickles came along"}))
