# ---
# id: 66
# name: patched-test-framework
# title: Patch the test framework for the judge that comes next
# class: python
# techniques: [T1565.003, T1556]
# defences: [the judge runs in another sandbox or cell, the whole of it in a process of its own]
# steps: 2
# image: python-test
# wallMs: 30000
# control: {}
# ---
"""The candidate's process can make any test pass that runs in it. The judge comes after it and runs a test that
must fail. The control judges in the candidate's process.
"""
import builtins
import io
import json
import sys
import unittest

import pytest


def patch():
    unittest.TestCase.fail = unittest.TestCase.assertEqual = lambda *_: None
    unittest.TestResult.addFailure = lambda *_: None
    pytest.main = lambda *_, **__: 0
    pytest.CallInfo.from_call = classmethod(lambda *_, **__: None)
    builtins.AssertionError = type("Never", (Exception,), {})
    sys.modules["judge"] = unittest


class MustFail(unittest.TestCase):
    def runTest(self):
        self.assertEqual(1, 2)


step, mode = sys.argv[1:]
if step == "1" or mode == "control":
    patch()
if step == "2":
    result = unittest.TextTestRunner(stream=io.StringIO()).run(MustFail())
    ended = "passed" if result.wasSuccessful() else "failed"
    named = (builtins.AssertionError.__name__, pytest.main.__name__)
    marked = "judge" in sys.modules or named != ("AssertionError", "main")
    saw = f"the test that must fail {ended}; marks of the first run: {'some' if marked else 'none'}"
    reached = result.wasSuccessful() or marked
else:
    reached, saw = False, "patched"
print(json.dumps({"reached": reached, "saw": saw}))
