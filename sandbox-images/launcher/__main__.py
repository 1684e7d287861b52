"""Cloche's launcher: PID 1 of every sandbox and the only trusted code in it.

`serve` never returns in the launcher itself. It returns once, in the parked
child that got an action, so that user code runs near the bottom of the stack
and the interpreter ends exactly as a bare one would.
"""

import sys

from supervisor import serve

if __name__ == "__main__":
    sys.exit(serve().run())
