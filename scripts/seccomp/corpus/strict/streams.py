"""The three streams, and waiting for them."""

import fileinput
import io
import os
import select
import selectors
import sys

poll = select.poll()
poll.register(0, select.POLLIN)
poll.poll(1)
select.select([0], [], [], 0.001)
with selectors.SelectSelector() as selector:
    selector.register(0, selectors.EVENT_READ)
    selector.select(0.001)
print(repr(sys.stdin.read()))
print("x" * 200_000)
print("err", file=sys.stderr, flush=True)
os.write(1, b"direct\n")
sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"), line_buffering=True)
print("again")
reader, writer = os.pipe()
os.write(writer, b"x")
assert os.read(reader, 1) == b"x"
list(fileinput.input(files=[__file__]))
