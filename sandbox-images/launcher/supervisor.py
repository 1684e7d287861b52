"""Prepares the sandbox, parks a cell, and waits for the one action that it is for."""

import gc
import importlib
import json
import os
import signal
import sys
import time

import confine
import frames
import workspace
from cell import Cell
from hello import hello
from link import Link
from run import Run

MANIFEST = "/opt/cloche/manifest.json"


def serve():
    """Runs one action. Never returns in the launcher; returns the parked cell in the child."""
    # The kernel drops signals to PID 1 that it has no handler for, and Python's own is the only one.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    confine.hide()
    started = time.monotonic()
    preloaded = _preload()
    ruleset = confine.create_ruleset()
    sys.stdout.flush()
    gc.disable()
    gc.freeze()
    cell = Cell(ruleset)
    if cell.pid == 0:
        return cell
    link = Link()
    link.send_json(frames.HELLO, hello(preloaded, ruleset is not None, started))
    link.flush_all()
    _serve_one(link, cell)
    link.flush_all()
    # The service removes the container in its own time; ending now would have the engine clean up
    # while the answer is on its way.
    while True:
        link.wait()


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


def _serve_one(link, cell):
    """Answers pings until an action comes; runs it."""
    incoming = iter(())
    while True:
        for kind, payload in incoming:
            if kind == frames.PING:
                link.send(frames.PONG, payload)
                link.flush_all()
            elif kind == frames.RUN:
                try:
                    action, code, stdin, rest = _take_inputs(link, json.loads(payload)["headBytes"], incoming)
                except OSError as error:
                    link.send_json(frames.REFUSED, {"errno": error.errno, "reason": str(error)})
                    return
                Run(link, cell, action).execute(code, stdin, rest)
                return
            else:
                raise frames.ProtocolError(f"frame type {kind:#x} before an action")
        incoming = iter(link.wait())


def _take_inputs(link, head_bytes, incoming):
    """Reads head, code, stdin and files, which follow the RUN frame as INPUT frames, in that order.

    Returns the head, the code, the stdin and the frames that came after the inputs.
    """
    held = bytearray()

    def more():
        nonlocal incoming
        for kind, payload in incoming:
            if kind != frames.INPUT:
                raise frames.ProtocolError(f"frame type {kind:#x} among the inputs")
            return payload
        incoming = iter(link.wait())
        return b""

    def chunks(size):
        while size > 0:
            if not held:
                held.extend(more())
                continue
            part = bytes(held[:size])
            del held[: len(part)]
            size -= len(part)
            yield part

    action = json.loads(b"".join(chunks(head_bytes)))
    code = b"".join(chunks(action["codeBytes"]))
    stdin = b"".join(chunks(action["stdinBytes"]))
    workspace.write(workspace.ACTION_NAME, [code])
    for file in action["files"]:
        workspace.write(file["path"], chunks(file["bytes"]))
    return action, code, stdin, list(incoming)
