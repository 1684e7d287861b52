# ---
# id: 84
# name: metadata-service
# title: Ask the cloud's metadata service for the host's credentials
# class: network
# techniques: [T1552.005]
# defences: [no_network]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Anything that can reach it has the machine's role. The control reaches a listener in the sandbox the same way."""
import errno
import json
import socket
import sys

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

targets = [
    (socket.AF_INET, "169.254.169.254", 80),
    (socket.AF_INET, "169.254.170.2", 80),
    (socket.AF_INET, "100.100.100.200", 80),
    (socket.AF_INET, "168.63.129.16", 80),
    (socket.AF_INET, "192.0.0.192", 80),
    (socket.AF_INET6, "fd00:ec2::254", 80),
    (socket.AF_INET6, "fd20:ce::254", 80),
]
if sys.argv[2] == "control":
    server = socket.create_server(("127.0.0.1", 0))
    targets = [(socket.AF_INET, *server.getsockname())]


def reach(family, host, port):
    with socket.socket(family) as client:
        client.settimeout(0.5)
        try:
            client.connect((host, port))
            return "connected"
        except TimeoutError:
            # Something took the packet.
            return "no answer"
        except OSError as error:
            return errno.errorcode[error.errno]


answers = {host: reach(family, host, port) for family, host, port in targets}
closed = {"ENETUNREACH", "EHOSTUNREACH", "EPERM", "EACCES", "EAFNOSUPPORT", "EADDRNOTAVAIL"}
saw = ", ".join(f"{host} {answer}" for host, answer in answers.items())
print(json.dumps({"reached": bool(set(answers.values()) - closed), "saw": saw}))
