# ---
# id: 55
# name: hostile-bytes
# title: Cut the output short with bytes that no text has
# class: resources
# techniques: [T1036, T1027]
# defences: [output is bytes until it is asked for as text]
# control: {}
# ---
"""NUL, halves of characters at every border, lone carriage returns, terminal sequences, separators of JSON lines:
if any of it stopped or shifted the reader, the last line would not arrive. The control sees the bytes go out whole.
"""
import json
import os
import sys

hostile = b"\x00\xff\xc3" + b"\xe2\x82" * 3 + b"\r\x1b[2J\x1b]0;x\x07\x9b\x85\xe2\x80\xa8\xed\xa0\x80"
hostile += bytes(range(256))
if sys.argv[2] == "control":
    read, write = os.pipe()
    os.write(write, hostile)
    whole = os.read(read, 4096) == hostile
    print(json.dumps({"reached": whole, "saw": f"{len(hostile)} bytes went through a pipe as they were"}))
    sys.exit()
for cut in range(1, 200):
    os.write(1, hostile[:cut])
    os.write(2, hostile[cut:])
os.write(1, b"\n" + b"\xc3" * 4097 + b"\n")
print(json.dumps({"reached": False, "saw": "this line came through after 199 cuts"}))
