# ---
# id: 86
# name: multicast-and-raw
# title: Speak to neighbours by multicast, broadcast, link-local and raw packets
# class: network
# techniques: [T1046, T1095]
# defences: [no_network, seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier]
# ---
"""No route is needed for the link itself: all nodes, mDNS, SSDP, raw ICMP. The control sends on loopback."""
import errno
import json
import socket
import sys

try:
    socket.socket().close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

control = sys.argv[2] == "control"
packets = [
    (socket.AF_INET6, "::1" if control else "ff02::1", 9),
    (socket.AF_INET6, "::1" if control else "ff02::fb", 5353),
    (socket.AF_INET, "127.0.0.1" if control else "224.0.0.251", 5353),
    (socket.AF_INET, "127.0.0.1" if control else "239.255.255.250", 1900),
    (socket.AF_INET, "127.0.0.1" if control else "255.255.255.255", 67),
]
answers = {}
for family, host, port in packets:
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        if family == socket.AF_INET:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            sender.sendto(b"x", (host, port))
            answers[host, port] = "sent"
        except OSError as error:
            answers[host, port] = errno.errorcode[error.errno]
for family, protocol in ((socket.AF_INET, socket.IPPROTO_ICMP), (socket.AF_INET6, socket.IPPROTO_ICMPV6)):
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(family, kind, protocol).close()
            answers[f"icmp {int(family)}", int(kind)] = "opened"
        except OSError as error:
            answers[f"icmp {int(family)}", int(kind)] = errno.errorcode[error.errno]
got = [f"{host} {answer}" for (host, _), answer in answers.items() if not answer.startswith("E")]
saw = f"got through: {', '.join(got) or 'none'} of {len(answers)}: {', '.join(sorted(set(answers.values())))}"
print(json.dumps({"reached": bool(got), "saw": saw}))
