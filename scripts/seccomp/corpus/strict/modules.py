"""Every module of the standard library that can be imported, but those that act when they are."""

import importlib
import sys

acts = {"antigravity", "this", "idlelib"}
for name in sorted(sys.stdlib_module_names):
    if name.startswith("_") or name in acts:
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
