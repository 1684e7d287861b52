# ---
# id: 105
# name: other-paths
# title: Change files of the image by other paths, links and renames
# class: files
# techniques: [T1222, T1083]
# defences: [read_only_root, landlock, non_root]
# control:
#   without: [read_only_root, landlock, non_root]
# ---
"""A rule that names a path must hold for every other way to the same file: /proc/self/root, descriptors without
rights opened again, hard links, and renames in and out of a tree.
"""
import errno
import json
import os

open("/tmp/own", "w").close()

def reopen():
    pathless = os.open("/etc/passwd", os.O_PATH)
    os.close(os.open(f"/proc/self/fd/{pathless}", os.O_WRONLY))


tries = {
    "by /proc/self/root": lambda: os.close(os.open("/proc/self/root/etc/passwd", os.O_WRONLY)),
    "by /proc/self/cwd": lambda: os.close(os.open("/proc/self/cwd/../etc/passwd", os.O_WRONLY)),
    "by a descriptor": reopen,
    "by a link": lambda: (os.symlink("/etc/passwd", "/tmp/way"), os.close(os.open("/tmp/way", os.O_WRONLY))),
    "hard link out": lambda: os.link("/tmp/own", "/etc/own"),
    "hard link in": lambda: os.link("/etc/passwd", "/etc/passwd-too"),
    "rename in": lambda: os.rename("/tmp/own", "/usr/own"),
    "rename out": lambda: os.rename("/etc/passwd", "/workspace/passwd"),
    "truncate": lambda: os.truncate("/etc/own-none", 0),
    "new file": lambda: os.close(os.open("/usr/bin/own", os.O_CREAT | os.O_WRONLY)),
    "mode": lambda: os.chmod("/etc/passwd", 0o666),
}
answers = {}
for name, attempt in tries.items():
    try:
        attempt()
        answers[name] = "done"
    except OSError as error:
        answers[name] = errno.errorcode[error.errno]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": "done" in answers.values(), "saw": saw}))
