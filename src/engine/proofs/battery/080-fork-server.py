# ---
# id: 80
# name: fork-server
# title: Find the line on which the launcher is told what to run
# class: python
# techniques: [T1557, T1559]
# defences: [pairs of sockets without a name, closed before user code]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A fork server with a socket by name takes requests from anybody. Here no socket has one, and no descriptor is left.

The control makes one with a name in the abstract namespace and finds it.
"""
import json
import os
import socket
import stat
import sys

if sys.argv[2] == "control":
    server = socket.socket(socket.AF_UNIX)
    server.bind("\0cloche-control")
    server.listen()
with open("/proc/net/unix") as file:
    columns = [line.split() for line in file][1:]
named = sorted({line[7] for line in columns if len(line) > 7})
inherited = []
for fd in range(3, 4096):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode) and (sys.argv[2] == "attempt" or fd != server.fileno()):
            inherited.append(fd)
    except OSError:
        pass
saw = f"sockets with a name: {', '.join(named) or 'none'}; inherited ones: {inherited or 'none'}"
print(json.dumps({"reached": bool(named or inherited), "saw": saw}))
