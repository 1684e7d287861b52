# ---
# id: 46
# name: descriptor-bomb
# title: Open descriptors without end, also such that are in flight between sockets
# class: resources
# techniques: [T1499.001]
# defences: [file_limits]
# control:
#   limits: { openFiles: 16384 }
# notFor: { runsc: "gVisor keeps descriptors in its own memory, which counts (45)" }
# ---
"""Descriptors that are sent and not received count for nobody's table, only for the kernel's memory."""
import array
import errno
import json
import os
import resource
import socket
import sys

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
goal = 4000 if sys.argv[2] == "control" else 4 * hard
stopped = []
held = []
try:
    while len(held) < goal:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    stopped.append(errno.errorcode[error.errno])
opened = len(held)
for fd in held[-300:]:
    os.close(fd)
in_flight = 0
pairs = []
message = array.array("i", [0] * 100).tobytes()
try:
    while opened + in_flight < goal:
        pairs.append(socket.socketpair())
        pairs[-1][0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, message)])
        in_flight += 100
except OSError as error:
    stopped.append(errno.errorcode[error.errno])
try:
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard + 1, hard + 1))
    stopped.append("limit raised")
except (OSError, ValueError):
    pass
saw = f"{opened} open and {in_flight} in flight of {goal}; {', '.join(stopped) or 'no end'}"
print(json.dumps({"reached": opened + in_flight >= goal or "limit raised" in stopped, "saw": saw}))
