"""Prepares the sandbox: imports, rules, the first parked cell; and says that it is ready."""

import gc
import importlib
import json
import os
import signal
import sys
import time

import confine
import frames
from cell import Cell
from hello import hello
from household import Household
from inside import Forked
from interpreter import own_pages
from link import Link
from meter import Meter
from origin import Launcher, Zygote
from rights import Rights
from supervisor import Supervisor

MANIFEST = "/opt/cloche/manifest.json"


def serve(orphan_ms, encoded_rights):
    """Never returns in the launcher; returns the cell in a child."""
    # The kernel drops signals to PID 1 that it has no handler for, and Python's own is the only one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    expendable = confine.Expendable()
    confine.hide()
    started = time.monotonic()
    preloaded = _preload()
    rights = Rights(encoded_rights)
    sys.stdout.flush()
    gc.disable()
    gc.freeze()
    try:
        launcher = Launcher(expendable, rights)
        origin = Zygote(rights) if rights.cells else launcher
        parked = Cell(origin, early=True, first=True)
        link = Link()
        link.send_json(frames.HELLO, hello(preloaded, rights, parked, started, orphan_ms))
        link.flush()
        # What the first run would wait for otherwise.
        Meter().read()
        own_pages()
        household = Household(parked, origin, launcher)
        Supervisor(link, household, orphan_ms / 1000).loop()
    except Forked as child:
        return child.cell


def _preload():
    try:
        with open(MANIFEST, encoding="utf-8") as file:
            names = json.load(file)["preload"]
    except FileNotFoundError:
        names = []
    for name in names:
        importlib.import_module(name)
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a preloaded module started a thread; a fork would lose it")
    return names
