"""Takes memory, page by page, past the sandbox's limit. argv[1] is the limit in MiB.

A line is printed at half of it, which has to arrive, and one past it, which must not.
"""

import sys

LIMIT = int(sys.argv[1])
STEP = 4
taken = []
for reached in range(STEP, LIMIT * 2, STEP):
    taken.append(bytearray(b"x") * (STEP << 20))
    if abs(reached - LIMIT // 2) < STEP:
        print("half", flush=True)
print("past", flush=True)
