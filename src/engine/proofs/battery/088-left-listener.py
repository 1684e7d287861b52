# ---
# id: 88
# name: left-listener
# title: Leave a service on loopback for the next run to meet
# class: network
# techniques: [T1557, T1571]
# defences: [a network of its own for each sandbox, the whole process tree ends with the run]
# steps: 2
# wallMs: 5000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A listener of an earlier run could answer in the name of what the next one expects there. The control is one run."""
import errno
import json
import os
import socket
import sys
import time

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


step, mode = sys.argv[1:]
PORTS = (8000, 5432, 18_888)


def listen():
    servers = [socket.create_server(("127.0.0.1", port)) for port in PORTS]
    servers.append(socket.socket(socket.AF_UNIX))
    servers[-1].bind("\0cloche-left")
    servers[-1].listen()
    if os.fork() == 0:
        os.setsid()
        for fd in range(3):
            os.close(fd)
        time.sleep(60)
        os._exit(0)


def reach(family, address):
    with socket.socket(family) as client:
        return errno.errorcode.get(client.connect_ex(address), "connected")


if step == "1" or mode == "control":
    listen()
answers = {}
if step == "2" or mode == "control":
    answers = {port: reach(socket.AF_INET, ("127.0.0.1", port)) for port in PORTS}
    answers["abstract"] = reach(socket.AF_UNIX, "\0cloche-left")
saw = ", ".join(f"{port} {answer}" for port, answer in answers.items()) or "left"
print(json.dumps({"reached": "connected" in answers.values(), "saw": saw}))
