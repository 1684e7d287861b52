# ---
# id: 78
# name: environment-secrets
# title: Find secrets in the environment
# class: python
# techniques: [T1552.007, T1552.001]
# defences: [an environment of listed names, not_dumpable]
# control: {}
# ---
"""Keys travel in variables more than anywhere else. Names and values are looked at: this process's as it sees them,
as it was started with, and the launcher's. The control plants one.
"""
import json
import os
import re
import sys

if sys.argv[2] == "control":
    os.environ["CLOCHE_API_KEY"] = "planted"
NAMES = re.compile(r"KEY|TOKEN|SECRET|PASSW|CRED|AUTH|PROXY|AWS|GITHUB|DOCKER|CLOCHE|KUBE|SSH|DATABASE|_URL|HOST")
VALUES = re.compile(r"[A-Za-z0-9+/_-]{32,}|-----BEGIN|://[^/]*@")
found = {name for name, value in os.environ.items() if NAMES.search(name) or VALUES.search(value)}
unreadable = []
for pid in sorted({"self", "1", str(os.getppid())}):
    try:
        with open(f"/proc/{pid}/environ") as file:
            for entry in file.read().split("\0"):
                name, _, value = entry.partition("=")
                if (NAMES.search(name) and name != "HOSTNAME") or VALUES.search(value):
                    found.add(f"{name} of {pid}")
    except OSError:
        unreadable.append(pid)
saw = f"{len(os.environ)} variables, secrets: {', '.join(sorted(found)) or 'none'}; closed: {', '.join(unreadable)}"
print(json.dumps({"reached": bool(found), "saw": saw}))
