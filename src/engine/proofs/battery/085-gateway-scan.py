# ---
# id: 85
# name: gateway-scan
# title: Scan the engine's gateway and the private networks
# class: network
# techniques: [T1046, T1018]
# defences: [no_network]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""The engine's API, ssh, a kubelet and databases are one hop away where there is a hop. The control scans itself."""
import errno
import json
import socket
import sys

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

hosts = ["172.17.0.1", "172.18.0.1", "10.0.0.1", "10.96.0.1", "192.168.0.1", "192.168.65.2", "100.64.0.1"]
ports = [22, 53, 80, 443, 2375, 2376, 5432, 6379, 6443, 10250]
if sys.argv[2] == "control":
    server = socket.create_server(("127.0.0.1", 0))
    hosts, ports = ["127.0.0.1"], [server.getsockname()[1], 1]


def reach(host, port):
    """A refusal is an answer too: somebody is there."""
    with socket.socket() as client:
        client.setblocking(False)
        return errno.errorcode.get(client.connect_ex((host, port)), "connected")


answers = {(host, port): reach(host, port) for host in hosts for port in ports}
for name in ("host.docker.internal", "gateway.docker.internal", "kubernetes.default.svc"):
    try:
        answers[name, 0] = socket.gethostbyname(name)
    except OSError:
        answers[name, 0] = "EPERM"
closed = {"ENETUNREACH", "EHOSTUNREACH", "EPERM", "EACCES"}
reached = [f"{host}:{port} {answer}" for (host, port), answer in answers.items() if answer not in closed]
saw = f"{len(reached)} of {len(answers)} answered: {', '.join(reached[:4]) or ', '.join(sorted(set(answers.values())))}"
print(json.dumps({"reached": bool(reached), "saw": saw}))
