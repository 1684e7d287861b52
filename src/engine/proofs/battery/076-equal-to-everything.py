# ---
# id: 76
# name: equal-to-everything
# title: Answer with a value that equals every expected one
# class: python
# techniques: [T1565.003]
# defences: [answers cross the border as bytes only]
# wallMs: 5000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""An object decides itself what it equals; text does not. The judge compares what it has parsed in a process of its
own. The control compares the object itself.
"""
import json
import os
import subprocess
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


class Everything(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


class Number(float):
    __eq__ = Everything.__eq__
    __hash__ = float.__hash__


JUDGE = "import json, sys; print(json.loads(sys.stdin.read()) == 'expected')"


def judged(answer):
    if sys.argv[2] == "control":
        return answer == "expected"
    told = json.dumps(answer)
    judge = subprocess.run([sys.executable, "-I", "-c", JUDGE], input=told, capture_output=True, text=True)
    assert judge.returncode == 0, judge.stderr
    return judge.stdout == "True\n"


answers = [Everything("wrong"), Number("nan"), float("nan"), [Everything("x")]]
passed = [type(answer).__name__ for answer in answers if judged(answer)]
print(json.dumps({"reached": bool(passed), "saw": f"taken for right: {', '.join(passed) or 'none'} of {len(answers)}"}))
