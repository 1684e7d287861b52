# ---
# id: 68
# name: vanished-tests
# title: Make the judge's tests skip, vanish or fail to collect
# class: python
# techniques: [T1565.001, T1070]
# defences: [the judge runs in another sandbox or cell, verdicts by expected test names]
# steps: 2
# image: python-test
# wallMs: 30000
# control: {}
# ---
"""No failed test is not the same as a passed one. The judge knows which tests there are and wants each one's verdict;
what an earlier run planted to skip or deselect them is not there. The control plants and judges in one run.
"""
import contextlib
import io
import json
import os
import sys

VANISH = """import pytest
def pytest_collection_modifyitems(items):
    items[0].add_marker(pytest.mark.skip)
    del items[1:]
def pytest_sessionfinish(session):
    session.exitstatus = 0
"""
EXPECTED = {"test_one": "failure", "test_two": "passed"}


def plant():
    for folder in ("/workspace", "/tmp", "/dev/shm"):
        with open(f"{folder}/conftest.py", "w") as file:
            file.write(VANISH)


def judge():
    import xml.etree.ElementTree as xml

    import pytest

    os.makedirs("/workspace/judge", exist_ok=True)
    with open("/workspace/judge/test_both.py", "w") as file:
        file.write("def test_one():\n    assert False\ndef test_two():\n    pass\n")
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["-q", "--junitxml=/workspace/report.xml", "/workspace/judge"])
    cases = xml.parse("/workspace/report.xml").iter("testcase")
    return {case.get("name"): case[0].tag if len(case) else "passed" for case in cases}


step, mode = sys.argv[1:]
if step == "1" or mode == "control":
    plant()
found = judge() if step == "2" else EXPECTED
saw = "planted" if step == "1" else f"verdicts {found}"
print(json.dumps({"reached": found != EXPECTED, "saw": saw}))
