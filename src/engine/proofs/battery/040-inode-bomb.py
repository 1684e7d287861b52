# ---
# id: 40
# name: inode-bomb
# title: Make more files and deeper folders than can be kept or removed
# class: files
# techniques: [T1499.001]
# defences: [a bound of inodes in each file system, removal with a budget]
# containedBy: [disk_limit]
# wallMs: 15000
# control:
#   limits: { inodes: 32768 }
# notFor: { runsc: "gVisor's file systems count no inodes; what files cost is memory of the sandbox (45)" }
# ---
"""Each file costs kernel memory even when empty, and who cleans up by walking is slow where it is deep."""
import json
import os
import sys

ENOUGH = 9000


def bomb(folder):
    """Makes files until there are no more to be had; returns how many there are, and what stopped it."""
    state = os.statvfs(folder)
    goal = ENOUGH if sys.argv[2] == "control" else min(state.f_files, 50_000) + 100
    try:
        for number in range(goal):
            os.close(os.open(f"{folder}/{number:0255d}", os.O_CREAT | os.O_WRONLY))
    except OSError as error:
        return number, error.strerror
    return goal, None


def dig(folder):
    os.chdir(folder)
    depth = 0
    try:
        while depth < 1500:
            os.mkdir("d")
            os.chdir("d")
            depth += 1
    except OSError:
        pass
    return depth


folders = ["/workspace"] if sys.argv[2] == "control" else ["/workspace", "/tmp", "/dev/shm"]
depths = [dig(folder) for folder in folders]
os.chdir("/")
made = {folder: bomb(folder) for folder in folders}
saw = ", ".join(f"{folder} {count} files ({why or 'no end'})" for folder, (count, why) in made.items())
reached = any(why is None for _, why in made.values())
print(json.dumps({"reached": reached, "saw": f"{saw}; folders {depths} deep"}))
