"""Cloche's launcher: PID 1 of every sandbox and the only trusted code in it.

`serve` never returns in the launcher itself. It returns once in every child,
when that is confined, so that user code runs near the bottom of the stack
and the interpreter ends exactly as a bare one would.
"""

import sys

BARE = frozenset(sys.modules)

from launch import serve  # noqa: E402 - after the look at what was there before

DEFAULT_ORPHAN_MS = 60_000


def parse(arguments):
    """Returns how long the launcher lives without a word from the service, and the rights of its cells."""
    match arguments:
        case ["--rights", rights]:
            return DEFAULT_ORPHAN_MS, rights
        case ["--orphan-ms", number, "--rights", rights] if number.isascii() and number.isdigit() and int(number) > 0:
            return int(number), rights
    raise SystemExit("usage: launcher [--orphan-ms N] --rights BASE64JSON")


if __name__ == "__main__":
    sys.exit(serve(*parse(sys.argv[1:])).run(BARE))
