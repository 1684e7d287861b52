"""Prints what is in an image as JSON, and proves that the modules to preload import there.

Runs in a throwaway container as the sandbox user, on a read-only root without a network.
"""

import importlib
import importlib.metadata
import json
import platform
import sys

for module in sys.argv[1:]:
    importlib.import_module(module)

packages = {found.metadata["Name"]: found.version for found in importlib.metadata.distributions()}
print(json.dumps({"python": platform.python_version(), "packages": dict(sorted(packages.items()))}))
