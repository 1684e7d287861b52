# ---
# id: 104
# name: loader-tricks
# title: Have the loader execute what may not be executed
# class: files
# techniques: [T1574.006, T1218]
# defences: [noexec file systems, read_only_root, landlock, non_root]
# control:
#   without: [seccomp, syscall_tier, read_only_root, landlock, non_root]
# ---
"""ld.so is a program that may run and takes any file to run; LD_PRELOAD and LD_AUDIT bring code into one that may.

A script is text that its interpreter only reads: that works, and is no more than the Python that runs anyway.
"""
import glob
import json
import os
import shutil
import subprocess
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


loader = next(iter(glob.glob("/lib64/ld-linux-*") + glob.glob("/lib/ld-linux-*")))
library = next(iter(glob.glob("/usr/lib/*-linux-gnu/libz.so.1") + glob.glob("/usr/lib/*-linux-gnu/libm.so.6")))
got, refused = [], 0
for folder in ("/workspace", "/tmp", "/dev/shm", "/opt", "/usr/local/lib"):
    try:
        shutil.copy("/bin/true", f"{folder}/program")
        shutil.copy(library, f"{folder}/library.so")
    except OSError:
        refused += 1
        continue
    if subprocess.run([loader, f"{folder}/program"], capture_output=True).returncode == 0:
        got.append(f"{folder} by the loader")
    for name in ("LD_PRELOAD", "LD_AUDIT"):
        look = f"{name}={folder}/library.so exec cat /proc/self/maps"
        maps = subprocess.run(["/bin/sh", "-c", look], capture_output=True, text=True).stdout
        code = [line for line in maps.splitlines() if line.endswith(f"{folder}/library.so") and " r-x" in line]
        got += [f"{folder} by {name}"] if code else []
print(json.dumps({"reached": bool(got), "saw": f"ran {', '.join(got) or 'none'}; {refused} folders took no file"}))
