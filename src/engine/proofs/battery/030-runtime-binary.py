# ---
# id: 30
# name: runtime-binary
# title: Overwrite the program that runs, or leave by an inherited folder
# class: files
# techniques: [T1611, T1554]
# defences: [read_only_root, landlock, non_root, no inherited descriptors]
# control:
#   without: [read_only_root, landlock, non_root]
# ---
"""CVE-2019-5736 wrote to the runtime through /proc/self/exe; CVE-2024-21626 left by a descriptor of a host folder."""
import errno
import json
import os
import sys

opened, refusals = [], []
for path in ("/proc/self/exe", "/proc/1/exe", "/proc/self/root/bin/true", os.path.realpath(sys.executable)):
    for flags in (os.O_WRONLY, os.O_RDWR):
        try:
            os.close(os.open(path, flags))
            opened.append(path)
        except OSError as error:
            refusals.append(errno.errorcode[error.errno])
for fd in range(3, 4096):
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
        os.chdir(f"/proc/self/fd/{fd}/../../..")
        opened.append(f"{fd} -> {target}")
    except OSError:
        pass
saw = f"opened {', '.join(opened) or 'none'}; {', '.join(sorted(set(refusals)))}"
print(json.dumps({"reached": bool(opened), "saw": saw}))
