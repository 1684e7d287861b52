# ---
# id: 102
# name: signals-beyond
# title: Send a signal out of the cell
# class: system_calls
# techniques: [T1489]
# defences: [landlock_scope]
# control:
#   without: [landlock, landlock_scope]
# notFor: { runsc: "gVisor has no Landlock; whether process 1 can be ended is what 52 tries" }
# ---
"""Signal 0 only asks whether one may: for the launcher, and for an interpreter that is parked beside, one may not."""
import errno
import json
import os

family = {os.getpid()}
answers = {}
for name in sorted(os.listdir("/proc"), key=lambda name: name.zfill(10)):
    if name.isdigit() and int(name) not in family:
        try:
            os.kill(int(name), 0)
            answers[name] = "may"
        except OSError as error:
            answers[name] = errno.errorcode[error.errno]
saw = ", ".join(f"process {name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": "may" in answers.values(), "saw": saw}))
