# ---
# id: 31
# name: masked-path-races
# title: Put a link where the runtime masks paths or finds its devices
# class: files
# techniques: [T1611]
# defences: [landlock, non_root, no code before the runtime is done]
# control:
#   without: [landlock, non_root]
# ---
"""CVE-2025-31133, -52565 and -52881 swap /dev/null, /dev/console or a mask for a link while a container is made.

Here no code runs before all is mounted; and even later nothing of it can be replaced. (Which version the host's
runtime has is the posture's business.)
"""
import errno
import json
import os

target = "/proc/sys/kernel/core_pattern"
tries = {
    "link in /dev": lambda: os.symlink(target, "/dev/cloche-link"),
    "folder in /dev": lambda: os.mkdir("/dev/cloche-folder"),
    "rename /dev/full": lambda: os.rename("/dev/full", "/dev/cloche-full"),
    "remove /dev/fd": lambda: os.unlink("/dev/fd"),
    "rename /proc/kcore": lambda: os.rename("/proc/kcore", "/proc/cloche"),
    "remove /dev/shm": lambda: os.rmdir("/dev/shm"),
    "rename /workspace": lambda: os.rename("/workspace", "/workspace-cloche"),
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
