# ---
# id: 45
# name: memory-bomb
# title: Take memory without end, as pages, as a shared mapping and as files
# class: resources
# techniques: [T1499.001]
# defences: [memory, no_swap]
# containedBy: [memory_limit]
# wallMs: 20000
# control:
#   limits: { memoryMiB: 1024 }
# ---
"""The kernel must end this run and nothing else. Small pieces, so that it is the sum that counts."""
import json
import mmap
import sys

MiB = 1 << 20
ENOUGH = 560


def limit():
    for path in ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"):
        try:
            with open(path) as file:
                return int(file.read()) // MiB
        except (OSError, ValueError):
            pass
    return 2048


goal = ENOUGH if sys.argv[2] == "control" else min(limit() + 64, 16_384)
taken, held = 0, []
while taken < goal:
    kind = taken // 4 % 3
    if kind == 0:
        held.append(bytearray(b"x") * (4 * MiB))
    else:
        shared = mmap.MAP_SHARED if kind == 1 else mmap.MAP_PRIVATE
        area = mmap.mmap(-1, 4 * MiB, flags=shared | mmap.MAP_ANONYMOUS)
        area.write(b"x" * (4 * MiB))
        held.append(area)
    taken += 4
print(json.dumps({"reached": True, "saw": f"took {taken} MiB"}))
