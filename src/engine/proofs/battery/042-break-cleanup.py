# ---
# id: 42
# name: break-cleanup
# title: Leave files behind that cleaning up can't remove
# class: files
# techniques: [T1070, T1564.001]
# defences: [the file systems go with the sandbox, a wipe that looks again in a cell]
# steps: 2
# control:
#   without: [seccomp, syscall_tier]
# ---
"""Folders without rights, immutable files, odd names, a deep tree: the first run leaves them, the second looks.

The control leaves and looks in one run.
"""
import ctypes
import fcntl
import json
import os
import sys

FOLDERS = ("/workspace", "/tmp", "/dev/shm")
SETFLAGS, IMMUTABLE = 0x40086602, 0x10


def leave(folder):
    root = f"{folder}/left"
    os.makedirs(f"{root}/{'deep/' * 300}")
    for name in (b"new\nline", b"\xff\xfe", b"-rf", b".hidden", b"x" * 255):
        os.close(os.open(os.path.join(root.encode(), name), os.O_CREAT | os.O_RDONLY, 0o000))
    os.symlink("/", f"{root}/link")
    try:
        os.mkfifo(f"{root}/pipe")
    except PermissionError:
        pass
    kept = os.open(f"{root}/immutable", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.ioctl(kept, SETFLAGS, ctypes.c_long(IMMUTABLE))
    except OSError:
        pass
    os.chmod(f"{root}/deep", 0o000)
    os.chmod(root, 0o000)


step, mode = sys.argv[1:]
if step == "1" or mode == "control":
    for folder in FOLDERS:
        os.path.lexists(f"{folder}/left") or leave(folder)
found = []
if step == "2" or mode == "control":
    # Every run finds its own program.
    paths = [os.path.join(folder, name) for folder in FOLDERS for name in os.listdir(folder)]
    found = [path for path in paths if path != "/workspace/action.py"]
saw = f"found {', '.join(found) or 'nothing'}" if step == "2" or mode == "control" else "left"
print(json.dumps({"reached": bool(found), "saw": saw}))
