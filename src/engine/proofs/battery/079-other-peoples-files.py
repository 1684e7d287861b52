# ---
# id: 79
# name: other-peoples-files
# title: Read the launcher's program, histories and caches in the image
# class: python
# techniques: [T1083, T1552.003]
# defences: [landlock, an image without them]
# control:
#   without: [landlock]
# notFor: { runsc: "gVisor has no Landlock: the launcher's program, which is no secret, can be read there" }
# ---
"""What builds an image leaves traces, and the launcher's own program shows how it can be attacked."""
import glob
import json
import os

NAMES = (
    ".bash_history", ".python_history", ".netrc", ".pypirc", ".git-credentials", ".npmrc", "id_rsa", "id_ed25519",
    "authorized_keys", ".env", "credentials", "kubeconfig", "shadow", "shadow-",
)
FOLDERS = "/opt/cloche /app /src /build /root /home /var/cache/pip /root/.cache /var/lib/apt/lists /var/log".split()
found = []
for folder in FOLDERS:
    try:
        found += [f"{folder}/{name}" for name in os.listdir(folder)]
    except OSError:
        pass
for top, _, names in os.walk("/etc"):
    found += [f"{top}/{name}" for name in names if name in NAMES]
for name in NAMES:
    found += glob.glob(f"/*/{name}") + glob.glob(f"/*/*/{name}")
readable = []
for path in sorted(set(found)):
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            open(path, "rb").close()
        readable.append(path)
    except OSError:
        pass
saw = f"can read {', '.join(readable[:6]) or 'none'} of {len(set(found))} found"
print(json.dumps({"reached": bool(readable), "saw": saw}))
