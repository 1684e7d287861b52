# ---
# id: 52
# name: kill-the-launcher
# title: End or stop the launcher by a signal
# class: resources
# techniques: [T1489, T1562]
# defences: [the process namespace, landlock_scope]
# wallMs: 15000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Whoever ends the supervisor is supervised no more, and its failure looks like the sandbox's. Signals by number, by
thread and by a descriptor whose owner the launcher is made. The control sends the same ones to a child, which they end.
"""
import ctypes
import errno
import fcntl
import json
import os
import signal
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
TGKILL = 234 if os.uname().machine == "x86_64" else 131
F_SETOWN_EX, F_OWNER_PID = 15, 1


def state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


target = 1
if sys.argv[2] == "control":
    target = os.fork()
    if target == 0:
        time.sleep(60)
        os._exit(0)


def by_thread(number):
    if libc.syscall(TGKILL, target, target, number) != 0:
        raise OSError(ctypes.get_errno(), "tgkill")


def by_descriptor(own, owner):
    """What is written to the pipe makes the kernel send the signal."""
    end, other = os.pipe()
    try:
        fcntl.fcntl(end, own, owner)
        fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(end, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
        os.write(other, b"x")
    finally:
        os.close(end)
        os.close(other)


ways = [lambda number=number: os.kill(target, number) for number in range(1, 65)]
ways += [lambda number=number: by_thread(number) for number in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL)]
ways += [
    lambda: by_descriptor(fcntl.F_SETOWN, target),
    lambda: by_descriptor(fcntl.F_SETOWN, -target),
    lambda: by_descriptor(F_SETOWN_EX, struct.pack("ii", F_OWNER_PID, target)),
]
answers = set()
for way in ways:
    try:
        way()
    except OSError as error:
        answers.add(errno.errorcode[error.errno])
time.sleep(0.05)
after = state(target)
saw = f"it is in state {after} after {len(ways)} signals; {', '.join(answers) or 'no refusal'}"
reached = after in ("T", "t", "Z", "X", "gone")
print(json.dumps({"reached": reached, "saw": saw}), flush=True)
if sys.argv[2] == "attempt" and os.fork() == 0:
    # All that it may signal at all, this program too: what is said is said by now.
    os.kill(-1, signal.SIGKILL)
