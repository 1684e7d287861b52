# ---
# id: 41
# name: fill-memory-file-systems
# title: Fill /workspace, /tmp, /dev/shm and memory files past their size
# class: files
# techniques: [T1499.001]
# defences: [file systems of fixed size, memory, file_limits]
# containedBy: [memory_limit, disk_limit]
# wallMs: 20000
# control:
#   limits: { memoryMiB: 1024, tmpMiB: 128, fileSizeMiB: 128 }
# ---
"""They are memory of the host. Their sizes are fixed, and what is in them counts against the memory limit."""
import ctypes
import json
import os
import sys

MiB = 1 << 20
block = bytes(MiB)


def fill(folder, goal):
    """Writes files of 8 MiB; returns how much it wrote, MiB, and what stopped it."""
    written = 0
    try:
        while written < goal:
            with open(f"{folder}/{written}", "wb", buffering=0) as file:
                for _ in range(8):
                    file.write(block)
                    written += 1
    except OSError as error:
        return written, error.strerror
    return written, None


def size(folder):
    state = os.statvfs(folder)
    return state.f_blocks * state.f_frsize // MiB


if sys.argv[2] == "control":
    filled = {"/tmp": fill("/tmp", 80)}
else:
    filled = {folder: fill(folder, size(folder) + 8) for folder in ("/workspace", "/tmp", "/dev/shm")}
    memory = ctypes.CDLL(None).memfd_create(b"fill", 0)
    filled["memfd"] = (0, "EPERM") if memory < 0 else (0, None)
saw = ", ".join(f"{folder} {written} MiB ({why or 'no end'})" for folder, (written, why) in filled.items())
print(json.dumps({"reached": any(why is None for _, why in filled.values()), "saw": saw}))
