# ---
# id: 109
# name: swap
# title: Push memory beyond the limit out to the host's swap
# class: resources
# techniques: [T1499]
# defences: [no_swap, memory]
# control:
#   without: [no_swap]
# notFor: { runsc: "gVisor shows no control group of the host to read it from" }
# ---
"""A memory limit without a swap limit is none: the rest lies on the host's disk, and slows it. As the kernel has it."""
import json


def number(*paths):
    for path in paths:
        try:
            with open(f"/sys/fs/cgroup/{path}") as file:
                text = file.read().strip()
                return 1 << 62 if text == "max" else int(text)
        except OSError:
            pass
    return None


memory = number("memory.max", "memory/memory.limit_in_bytes")
# v1 counts both together, v2 the swap alone.
both = number("memory/memory.memsw.limit_in_bytes")
swap = number("memory.swap.max") if both is None else both - memory
assert memory is not None, "no control group to read the limit from"
with open("/proc/swaps") as file:
    areas = len(file.readlines()) - 1
# A kernel that counts no swap has no limit to show, and then none to give.
reached = swap > 0 if swap is not None else areas > 0
allowed = "not counted" if swap is None else f"{swap >> 20} MiB"
saw = f"{memory >> 20} MiB of memory, swap: {allowed}; {areas} areas of it on the host"
print(json.dumps({"reached": reached, "saw": saw}))
