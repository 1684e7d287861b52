# ---
# id: 69
# name: start-up-files
# title: Plant what Python imports when it starts
# class: python
# techniques: [T1546, T1574.006]
# defences: [read_only_root, landlock, non_root, the next run starts from an untouched interpreter]
# steps: 2
# wallMs: 8000
# control:
#   without: [seccomp, syscall_tier, read_only_root, landlock, non_root]
# ---
"""sitecustomize, usercustomize, .pth files and modules that shadow the library's run before the next program's first
line. The control plants and starts an interpreter in one run, where the image can be written to.
"""
import json
import os
import site
import subprocess
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


MARK = "import sys; sys.planted_by_battery = True\n"


def plant():
    outside = []
    home = os.path.expanduser("~")
    folders = [path for path in sys.path if os.path.isdir(path)]
    folders += ["/workspace", "/tmp", home, site.getusersitepackages()]
    for folder in folders:
        for name in ("sitecustomize.py", "usercustomize.py", "planted.pth", "colorsys.py", "this.py"):
            try:
                with open(os.path.join(folder, name), "w") as file:
                    file.write(MARK)
                if not folder.startswith(("/workspace", "/tmp")):
                    outside.append(os.path.join(folder, name))
            except OSError:
                pass
    os.environ["PYTHONSTARTUP"] = "/tmp/sitecustomize.py"
    return outside


def marked():
    """Whether it is in this interpreter, or in a fresh one that imports what was shadowed."""
    look = "import sys, colorsys; print(hasattr(sys, 'planted_by_battery'))"
    fresh = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd="/")
    return hasattr(sys, "planted_by_battery") or "True" in fresh.stdout


step, mode = sys.argv[1:]
outside = plant() if step == "1" or mode == "control" else []
reached = bool(outside) or (step == "2" and marked())
saw = f"{len(outside)} files planted in the image" if step == "1" else f"start-up files came along: {reached}"
print(json.dumps({"reached": reached, "saw": saw}))
