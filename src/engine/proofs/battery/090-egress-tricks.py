# ---
# id: 90
# name: egress-tricks
# title: Get out through a proxy, by another name or hidden in HTTPS
# class: network
# techniques: [T1090, T1572, T1048.002]
# defences: [no_network]
# wallMs: 10000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Proxies that environments have, CONNECT to an address, DNS over HTTPS, a Host other than the one connected to. With
`network: none` there is nobody to trick. The control is a proxy of its own on loopback.
"""
import errno
import json
import os
import socket
import sys
import threading

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

proxies = [("127.0.0.1", 3128), ("127.0.0.1", 8080), ("172.17.0.1", 3128), ("10.0.0.1", 8080)]
doh = [("1.1.1.1", 443), ("8.8.8.8", 443), ("9.9.9.9", 443)]
if sys.argv[2] == "control":
    server = socket.create_server(("127.0.0.1", 0))
    proxies, doh = [server.getsockname()], []

    def serve():
        client, _ = server.accept()
        client.recv(4096)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
REQUEST = b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: pypi.org\r\n\r\n"
answers = {}
for address in proxies + doh:
    try:
        with socket.create_connection(address, timeout=0.5) as client:
            client.sendall(REQUEST)
            answers[address] = client.recv(64).split(b"\r\n")[0].decode()
    except TimeoutError:
        answers[address] = "no answer"
    except OSError as error:
        answers[address] = errno.errorcode[error.errno]
named = [name for name in os.environ if name.lower().endswith("_proxy")]
closed = {"ENETUNREACH", "EHOSTUNREACH", "ECONNREFUSED", "EPERM", "EACCES"}
got = [address for address, answer in answers.items() if answer not in closed]
saw = "; ".join(f"{host}:{port} {answer}" for (host, port), answer in answers.items())
print(json.dumps({"reached": bool(got or named), "saw": f"{saw}; proxies named: {', '.join(named) or 'none'}"}))
