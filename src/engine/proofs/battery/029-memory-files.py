# ---
# id: 29
# name: memory-files
# title: Write to memory through /proc, past its protection
# class: files
# techniques: [T1055.009]
# defences: [landlock, not_dumpable]
# control:
#   without: [seccomp, syscall_tier, landlock, not_dumpable]
# ---
"""/proc/<pid>/mem ignores that a page is read-only: code can be made there that no mmap would have allowed."""
import errno
import json
import mmap
import os
import signal
import sys
import time

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ)
with open("/proc/self/maps") as maps:
    areas = [line.split() for line in maps]
# Mapped once and read-only; its address is the one of the area that has just come.
address = next(int(area[0].split("-")[0], 16) for area in areas if area[1] == "r--s" and "/dev/zero" in area)
assert len(page) == 4096
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
answers = {}
for name, pid in (("self", "self"), ("child", child), ("launcher", 1)):
    try:
        memory = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        answers[name] = "opened"
        if name == "self":
            answers["wrote"] = os.pwrite(memory, b"code", address)
    except OSError as error:
        answers[name] = errno.errorcode[error.errno]
os.kill(child, signal.SIGKILL)
os.wait()
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": "opened" in answers.values(), "saw": saw}))
