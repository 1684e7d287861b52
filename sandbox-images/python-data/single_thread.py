"""One numeric thread, unless the action asks for more: a sandbox seldom has more than one CPU to give."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
