# ---
# id: 82
# name: predictable-randomness
# title: Predict the random numbers of the next run
# class: python
# techniques: [T1600, T1565.003]
# defences: [a fresh seed in each child]
# steps: 2
# control: {}
# ---
"""Children of one interpreter begin with the same state unless each is seeded anew. The first run sets it, and stirs
the kernel's pool; the second must not go on from there. The control is one process.

A policy or a caller that names a seed wants the same numbers each time; a small one that fits is told, not judged.
"""
import fcntl
import json
import os
import random
import sys

SEED = 987_654_321
RNDCLEARPOOL, RNDADDTOENTCNT = 0x5206, 0x40045201
step, mode = sys.argv[1:]
if step == "1" or mode == "control":
    random.seed(SEED)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(SEED % 2**32)
    with open("/dev/urandom", "wb", buffering=0) as pool:
        for request in (RNDCLEARPOOL, RNDADDTOENTCNT):
            try:
                fcntl.ioctl(pool, request, b"\0\0\0\0")
            except OSError:
                pass
guessed = []
if step == "2":
    state = random.getstate()
    guessed = [seed for seed in (SEED, *range(2000)) if random.Random(seed).getstate() == state]
    if "numpy" in sys.modules:
        numpy = sys.modules["numpy"].random
        state = numpy.get_state()[1][:4].tolist()
        guessed += ["numpy"] if numpy.RandomState(SEED % 2**32).get_state()[1][:4].tolist() == state else []
repeated = os.urandom(16) == os.urandom(16)
saw = f"seeds that fit: {guessed or 'none of 2001'}" if step == "2" else "seeded"
print(json.dumps({"reached": SEED in guessed or "numpy" in guessed or repeated, "saw": saw}))
