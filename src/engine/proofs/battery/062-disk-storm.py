# ---
# id: 62
# name: disk-storm
# title: Keep the host's disk busy with writes
# class: resources
# techniques: [T1499]
# defences: [read_only_root, landlock, non_root, every writable place is memory]
# control:
#   without: [read_only_root, landlock, non_root]
# ---
"""fsync waits for the disk, and so does everybody else who uses it. Nothing that can be written to is on one."""
import json
import os
import time

with open("/proc/self/mountinfo") as file:
    mounts = {}
    for line in file:
        fields, _, end = line.partition(" - ")
        mounts[fields.split()[4]] = end.split()[0]
in_memory = {"tmpfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "ramfs", "devtmpfs"}
places = [*mounts, "/", "/etc", "/opt", "/run", "/usr", "/usr/local", "/var", "/var/tmp"]
on_disk, synced = [], 0
began = time.monotonic()
for place in places:
    path = os.path.join(place, "storm")
    try:
        file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    except OSError:
        continue
    nearest = max((point for point in mounts if f"{place}/".startswith(f"{point.rstrip('/')}/")), key=len)
    if mounts[nearest] not in in_memory:
        on_disk.append(f"{place} ({mounts[nearest]})")
    else:
        for _ in range(200):
            os.write(file, b"x")
            os.fsync(file)
            synced += 1
    os.close(file)
    os.remove(path)
took = (time.monotonic() - began) * 1000
saw = f"on a disk: {', '.join(on_disk) or 'none'}; {synced} syncs of memory took {took:.0f} ms"
print(json.dumps({"reached": bool(on_disk), "saw": saw}))
