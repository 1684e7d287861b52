# ---
# id: 94
# name: fingerprint
# title: Tell by names, numbers and hardware which host this is
# class: network
# techniques: [T1082, T1016, T1480]
# defences: [landlock, constant names, no_network]
# control:
#   without: [landlock]
# ---
"""Malware that knows its host behaves until it has moved; two tenants that find they share one can meet. Names are
constant and /sys is closed. The boot id, the kernel's version, the processor's model and the random names in mountinfo
remain: they are the kernel's. So does the random number of the container where gVisor shows it as the name of a group:
the next one has another. The control looks for that, too.
"""
import glob
import json
import re
import socket
import sys

told = []
if socket.gethostname() != "sandbox":
    told.append(f"host name {socket.gethostname()}")
for path in ("/etc/machine-id", "/var/lib/dbus/machine-id", "/etc/hostid", "/proc/device-tree/serial-number"):
    try:
        with open(path) as file:
            told += [path] if file.read().strip("\0\n ") else []
    except OSError:
        pass
hardware = ["/sys/hypervisor/uuid", "/sys/kernel/mm/lru_gen/enabled", "/sys/kernel/profiling"]
for pattern in ("/sys/class/dmi/id/*", "/sys/class/net/*/address", "/sys/block/*/*"):
    hardware += glob.glob(pattern)
for path in hardware:
    try:
        with open(path) as file:
            told += [path] if file.read().strip("0:\n ") else []
    except OSError:
        pass
with open("/proc/net/dev") as file:
    addresses = [line.split(":")[0].strip() for line in file if ":" in line and not line.strip().startswith("lo:")]
with open("/proc/self/cgroup") as file:
    paths = {line.strip().split(":", 2)[2] for line in file}
paths = [path for path in paths if sys.argv[2] == "control" or not re.fullmatch("/[0-9a-f]{64}", path)]
told += [f"group {path}" for path in paths if len(path) > 40]
saw = f"{len(told)} tell of the host: {', '.join(told[:4]) or 'none'}; interfaces besides lo: {addresses or 'none'}"
print(json.dumps({"reached": bool(told), "saw": saw}))
