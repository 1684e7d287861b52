# ---
# id: 83
# name: page-sharing
# title: Learn from shared pages what the prepared interpreter holds (timing itself remains)
# class: python
# techniques: [T1082, T1592]
# defences: [not_dumpable, landlock, no secrets in the prepared interpreter]
# control:
#   without: [not_dumpable, landlock]
# notFor: { runsc: "gVisor has none of these files, and no way to merge pages" }
# ---
"""pagemap tells which pages are still shared with whom one was forked from, and, to root, where they are: the map for
Rowhammer and cache attacks. What remains are attacks by timing alone, as Spectre; no secret lies where they reach, and
tenants that must not share a processor's caches need a machine of their own.
"""
import ctypes
import errno
import json

answers = {}
for name in ("/proc/self/pagemap", "/proc/1/pagemap", "/proc/kpageflags", "/proc/kpagecount", "/proc/kpagecgroup"):
    try:
        with open(name, "rb", buffering=0) as pages:
            if "kpage" not in name:
                pages.seek(id(None) // 4096 * 8)
            pages.read(8)
        answers[name] = "read"
    except OSError as error:
        answers[name] = errno.errorcode[error.errno]
PR_SET_MEMORY_MERGE = 67
libc = ctypes.CDLL(None, use_errno=True)
failed = libc.prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0)
answers["merge pages"] = errno.errorcode[ctypes.get_errno()] if failed else "done"
got = [name for name, answer in answers.items() if not answer.startswith("E")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(got), "saw": saw}))
