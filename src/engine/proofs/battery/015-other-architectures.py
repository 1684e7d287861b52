# ---
# id: 15
# name: other-architectures
# title: Call the kernel by another architecture's numbers
# class: system_calls
# techniques: [T1068, T1562]
# defences: [seccomp, syscall_tier]
# control:
#   without: [seccomp, syscall_tier]
# notFor: { runsc: "gVisor runs 64-bit programs only and ends any other call itself" }
# ---
"""A filter that only looks at numbers takes i386's 102 for getuid: it is socketcall. x32 has a set of its own."""
import ctypes
import json
import mmap
import os
import signal
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


def i386():
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    # mov eax, 20 (getpid); int 0x80; ret
    page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def x32():
    return ctypes.CDLL(None).syscall(0x40000000 + 39)


def outcome(attempt):
    """Whether it got its process id, or how it ended instead."""
    child = os.fork()
    if child == 0:
        os._exit(0 if attempt() == os.getpid() else 1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return "answered" if status == 0 else "refused"


# On aarch64 the 32-bit mode can't be entered from 64-bit code.
tries = [i386, x32] if os.uname().machine == "x86_64" else []
answers = {attempt.__name__: outcome(attempt) for attempt in tries}
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items()) or "no other architecture here"
print(json.dumps({"reached": "answered" in answers.values(), "saw": saw}))
