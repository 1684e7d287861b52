"""Sockets within the sandbox: loopback and unix."""

import array
import http.client
import http.server
import os
import select
import socket
import socketserver
import threading

for family, address in ((socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_UNIX, "/tmp/s.sock")):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(address)
    server.listen()
    client = socket.socket(family)
    client.settimeout(5)
    client.connect(server.getsockname())
    accepted, _ = server.accept()
    client.sendall(b"x" * 100_000 if family == socket.AF_UNIX else b"x")
    accepted.recv(100)
    accepted.getpeername()
    accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
    accepted.shutdown(socket.SHUT_RDWR)
    for each in (server, client, accepted):
        each.close()
one, other = socket.socketpair()
socket.send_fds(one, [b"f"], [0])
print(socket.recv_fds(other, 10, 1))
one.sendmsg([b"a", b"b"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1]))])
other.recvmsg(10, 100)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
udp.sendto(b"u", udp.getsockname())
print(udp.recvfrom(10), socket.gethostname(), socket.has_ipv6)
with open("big", "wb+") as file:
    file.write(b"x" * 10000)
    file.flush()
    os.sendfile(one.fileno(), file.fileno(), 0, 1000)
try:
    six = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    six.bind(("::1", 0))
except OSError as error:
    print(error)
for name in ("localhost", "nowhere.invalid"):
    try:
        print(socket.getaddrinfo(name, 80))
    except socket.gaierror as error:
        print(error)
poller = select.epoll()
poller.register(udp, select.EPOLLIN)
poller.poll(0.001)
poller.close()
site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=site.serve_forever, daemon=True).start()
connection = http.client.HTTPConnection(*site.server_address, timeout=5)
connection.request("GET", "/big")
assert connection.getresponse().status == 200
site.shutdown()
with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
    server.timeout = 0.01
    server.handle_request()
