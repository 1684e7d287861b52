# ---
# id: 19
# name: execute-written-files
# title: Execute a file that was just written
# class: system_calls
# techniques: [T1105, T1204.002]
# defences: [noexec file systems, landlock, read_only_root, non_root]
# control:
#   without: [seccomp, syscall_tier, landlock, read_only_root, non_root]
# ---
"""A program brought along, run directly or mapped as code: no place that can be written to may allow either."""
import json
import mmap
import os
import stat
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


with open("/bin/true", "rb") as program:
    content = program.read()
got = []
refusals = []
for folder in ("/workspace", "/tmp", "/dev/shm", "/dev", "/var/tmp", "/run", "/opt", "/usr/local/bin"):
    path = f"{folder}/brought"
    try:
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        refusals.append(f"write {folder} {error.strerror}")
        continue
    os.chmod(path, stat.S_IRWXU)
    child = os.fork()
    if child == 0:
        try:
            os.execv(path, [path])
        finally:
            os._exit(9)
    if os.waitpid(child, 0)[1] == 0:
        got.append(f"ran {path}")
    with open(path, "rb") as file:
        try:
            mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE)
            got.append(f"mapped {path}")
        except OSError as error:
            refusals.append(f"map {folder} {error.strerror}")
    os.remove(path)
print(json.dumps({"reached": bool(got), "saw": "; ".join(got or refusals)}))
