"""Compiles every module under the given folders ahead of time: at run time the root is read-only.

Unchecked hashes, because a time stamp would not survive the copy into the next layer. The second
argument of --root is cut off the front of the paths that tracebacks show.
"""

import compileall
import os
import py_compile
import sys


def main(arguments):
    root = ""
    if arguments[0] == "--root":
        root, arguments = arguments[1], arguments[2:]
    os.umask(0o022)
    for folder in arguments:
        # Failures are passed over: test data and templates of some packages are not meant to compile.
        compileall.compile_dir(
            root + folder,
            maxlevels=50,
            quiet=2,
            force=True,
            workers=0,
            stripdir=root or None,
            prependdir="/" if root else None,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
