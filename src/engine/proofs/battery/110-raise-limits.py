# ---
# id: 110
# name: raise-limits
# title: Raise its own limits, or change the launcher's
# class: resources
# techniques: [T1499, T1562]
# defences: [seccomp, syscall_tier, no_capabilities]
# control:
#   without: [seccomp, syscall_tier, not_dumpable, landlock]
# ---
"""Hard limits only go down without a capability; prlimit reaches other processes of the same user."""
import errno
import json
import os
import resource

answers = {}
for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
    which = getattr(resource, name)
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY:
        continue
    try:
        resource.setrlimit(which, (hard, hard + 1))
        answers[name] = "raised"
    except (OSError, ValueError):
        pass
for name, pid in (("the launcher's", 1), ("its parent's", os.getppid())):
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE)
        answers[f"{name} limits"] = "read"
    except OSError as error:
        answers[f"{name} limits"] = errno.errorcode[error.errno]
    try:
        os.sched_setaffinity(pid, os.sched_getaffinity(0))
        answers[f"{name} cores"] = "set"
    except OSError as error:
        answers[f"{name} cores"] = errno.errorcode[error.errno]
got = [name for name, answer in answers.items() if not answer.startswith("E")]
saw = ", ".join(f"{name} {answer}" for name, answer in answers.items())
print(json.dumps({"reached": bool(got), "saw": saw}))
