# ---
# id: 64
# name: shared-user
# title: Use up a neighbour's share of what the kernel counts by user
# class: resources
# techniques: [T1499]
# defences: [non_root]
# steps: 2
# order: beside
# wallMs: 8000
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor keeps descriptors in flight in its own memory, of each sandbox alone" }
# ---
"""Descriptors in flight are counted by user over all containers. One sandbox takes all it can, the other tries to
send a few. Each has a user of its own, so it can. The control does both in one sandbox.
"""
import array
import errno
import json
import os
import socket
import sys
import time

step, mode = sys.argv[1:]
message = array.array("i", [0] * 50).tobytes()
pairs = []


def send():
    """Sends 50 descriptors that nobody takes; returns the errno's name where it may not."""
    try:
        pairs.append(socket.socketpair())
        pairs[-1][0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, message)])
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def hoard():
    while (refusal := send()) is None and len(pairs) < 400:
        pass
    return refusal


reached, saw = False, ""
if step == "1" or mode == "control":
    refusal = hoard()
    saw = f"held {50 * len(pairs)} in flight until {refusal}"
if step == "1" and mode == "attempt":
    time.sleep(1.5)
if step == "2":
    until = time.monotonic() + 1
    while not reached and time.monotonic() < until:
        refusal = send()
        reached = refusal == "ETOOMANYREFS"
        while mode == "attempt" and pairs:
            for end in pairs.pop():
                end.close()
        time.sleep(0.02)
    saw = f"as user {os.getuid()}: {'could not send' if reached else 'could send all along'}"
print(json.dumps({"reached": reached, "saw": saw}))
