# ---
# id: 89
# name: abstract-sockets
# title: Meet a neighbour or the engine by a socket without a path
# class: network
# techniques: [T1611, T1559]
# defences: [no_network, landlock_scope]
# steps: 2
# order: beside
# wallMs: 6000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Abstract sockets belong to the network namespace, not to files; containerd's shim had one (CVE-2020-15257).

One sandbox listens and calls, the other does too. The control meets itself.
"""
import json
import socket
import sys
import time

try:
    socket.socket(socket.AF_UNIX).close()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy without sockets: none can be made"}))
    sys.exit()

step, mode = sys.argv[1:]
mine, theirs = ("one", "two") if step == "1" else ("two", "one")
if mode == "control":
    theirs = mine
server = socket.socket(socket.AF_UNIX)
server.bind(f"\0cloche-{mine}")
server.listen()
with open("/proc/net/unix") as file:
    names = {line.split()[7] for line in list(file)[1:] if len(line.split()) > 7}
foreign = sorted(name for name in names if not name.startswith("@cloche-" + mine))
wanted = [f"\0cloche-{theirs}", "\0/containerd-shim/moby.sock", "\0docker"]
wanted += [name.replace("@", "\0") for name in foreign]
met = set()
until = time.monotonic() + 1
while not met and time.monotonic() < until:
    for name in wanted:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(0.2)
            if client.connect_ex(name) == 0:
                met.add(name.replace("\0", "@"))
    time.sleep(0.02)
saw = f"met {', '.join(met) or 'nobody'}; other names to be seen: {', '.join(foreign) or 'none'}"
print(json.dumps({"reached": bool(met), "saw": saw}))
