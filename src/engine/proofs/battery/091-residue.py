# ---
# id: 91
# name: residue
# title: Write everywhere, then look everywhere in the next run
# class: network
# techniques: [T1074.001, T1005]
# defences: [fresh file systems and namespaces for each sandbox, a wipe that looks again in a cell]
# steps: 2
# wallMs: 10000
# control: {}
# ---
"""Each folder that can be written to, extended attributes, times, locks, segments and queues: the second run looks for
any of it. The control writes and looks in one run.
"""
import ctypes
import json
import os
import sys

WORD = "residue-of-battery"
KEY = 0x636C6F63
step, mode = sys.argv[1:]
libc = ctypes.CDLL(None)


def folders():
    for top in "/workspace /tmp /dev /run /var /opt /etc /usr /home /root /proc /sys".split():
        for folder, inner, _ in os.walk(top):
            yield folder
            if top in ("/proc", "/sys", "/usr") or folder.count("/") > 4:
                inner.clear()


def write():
    count = 0
    for folder in folders():
        try:
            with open(f"{folder}/{WORD}", "w") as file:
                file.write(WORD)
            count += 1
        except OSError:
            pass
    for folder in ("/workspace", "/tmp", "/dev/shm"):
        os.utime(folder, (1_000_000, 1_000_000))
        os.chmod(folder, 0o701) if os.stat(folder).st_uid == os.getuid() else None
        try:
            os.setxattr(folder, "user.residue", WORD.encode())
        except OSError:
            pass
    libc.shmget(KEY, 4096, 0o1600)
    libc.msgget(KEY, 0o1600)
    libc.semget(KEY, 1, 0o1600)
    return count


def look():
    found = [f"{folder}/{WORD}" for folder in folders() if os.path.lexists(f"{folder}/{WORD}")]
    for folder in ("/workspace", "/tmp", "/dev/shm"):
        state = os.stat(folder)
        found += [f"time of {folder}"] if state.st_mtime == 1_000_000 else []
        found += [f"mode of {folder}"] if state.st_mode & 0o7777 == 0o701 else []
        try:
            found += [f"attribute {name} of {folder}" for name in os.listxattr(folder) if name.startswith("user.")]
        except OSError:
            pass
    tables = {"shmget": (KEY, 0, 0), "msgget": (KEY, 0), "semget": (KEY, 0, 0)}
    found += [call for call, args in tables.items() if libc[call](*args) >= 0]
    return found


count = write() if step == "1" or mode == "control" else 0
found = look() if step == "2" else []
saw = f"found {', '.join(found) or 'nothing'}" if step == "2" else f"wrote to {count} folders"
print(json.dumps({"reached": bool(found), "saw": saw}))
