# ---
# id: 71
# name: oracle-search
# title: Search the whole memory for what others left in it
# class: python
# techniques: [T1003, T1005]
# defences: [expected answers and secrets never enter the sandbox, the launcher forgets a run before the next cell]
# steps: 2
# wallMs: 15000
# control: {}
# ---
"""A cell is forked from the launcher, so all of the launcher's memory is its own to read. The first run says a word in
every way it can; the second looks at every page for it. The launcher's working parts may be seen: they hold no secret.

What follows the word's beginning is made at run time, so that no program's own text is taken for a find.
"""
import ctypes
import gc
import hashlib
import json
import os
import re
import sys

step, mode = sys.argv[1:]


def word():
    return "canary-" + "of-" + hashlib.sha256(os.urandom(8)).hexdigest()


def pages():
    with open("/proc/self/maps") as maps:
        for line in maps:
            area, rights, _, _, _, *name = line.split()
            if rights.startswith("r") and name[:1] not in (["[vvar]"], ["[vsyscall]"], ["[vvar_vclock]"]):
                yield tuple(int(end, 16) for end in area.split("-"))


def search():
    pattern = re.compile(b"canary-" + b"of-[0-9a-f]{60}")
    found = 0
    for begin, end in pages():
        # In place: a copy would be found again.
        area = (ctypes.c_char * (end - begin)).from_address(begin)
        found += sum(1 for _ in pattern.finditer(area))
    return found


def launcher_parts():
    kinds = {"Supervisor", "Link", "Journal", "Household", "Calls"}
    return sorted({type(thing).__name__ for thing in gc.get_objects() if type(thing).__name__ in kinds})


held = []
if step == "1" or mode == "control":
    held.append(word())
if step == "1":
    print(held[0], file=sys.stderr)
    print(held[0])
    os.environ["WORD"] = held[0]
found = search() if step == "2" else 0
frame, depth = sys._getframe(), 0
while frame:
    frame, depth = frame.f_back, depth + 1
parts = launcher_parts()
saw = f"the word {found} times, {depth} frames, parts of the launcher: {', '.join(parts) or 'none'}"
print(json.dumps({"reached": found > 0, "saw": saw if step == "2" else "said"}))
