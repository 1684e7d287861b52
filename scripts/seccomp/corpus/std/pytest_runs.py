# needs: pytest
"""Tests of a caller, as they are run here."""

import pathlib
import subprocess
import sys

import pytest

pathlib.Path("test_it.py").write_text(
    """
import subprocess, threading, pytest

@pytest.fixture
def folder(tmp_path):
    return tmp_path

@pytest.mark.parametrize("n", range(5))
def test_number(n, folder, capfd, monkeypatch):
    (folder / "f").write_text(str(n))
    print(n)

def test_thread():
    threading.Thread(target=print).start()

def test_process():
    subprocess.run(["true"], check=True)

@pytest.mark.xfail
def test_fails():
    assert [1, 2] == [1, 3]
"""
)
assert pytest.main(["-q", "test_it.py"]) == 0
subprocess.run([sys.executable, "-m", "pytest", "-q", "--junitxml=r.xml", "test_it.py"], check=True)
