"""Cloche's launcher: PID 1 of every sandbox and the only trusted code in it.

`serve` never returns in the launcher itself. It returns once, in the parked
child that got an action, so that user code runs near the bottom of the stack
and the interpreter ends exactly as a bare one would.
"""

import sys

BARE = frozenset(sys.modules)

from supervisor import serve  # noqa: E402 - after the look at what was there before

if __name__ == "__main__":
    sys.exit(serve().run(BARE))
