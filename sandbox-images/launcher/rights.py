"""What the service told the launcher to put on each cell; src/docker/container/rights.ts says what is in it."""

import base64
import json

import landlock
from filters import Filters


class Rights:
    """Made once, in the launcher. Raises where something of it can't be put in force here, Landlock excepted:
    a kernel may lack it, which the service is told."""

    def __init__(self, encoded):
        said = json.loads(base64.b64decode(encoded, validate=True))
        self.limits = said["limits"]
        self.dumpable = said["dumpable"]
        self.clock = said["clock"]
        # The sandbox serves one cell after the other.
        self.cells = said["cells"]
        if self.clock is not None:
            # Ahead of time. Without it, nobody needs the module nor what it imports.
            import clock  # noqa: F401
        self.filters = Filters(said["seccomp"]) if said["seccomp"] is not None else None
        self.landlock_abi = landlock.abi()
        wanted = said["landlock"] is not None and self.landlock_abi > 0
        self.ruleset = landlock.Ruleset(said["landlock"], self.landlock_abi) if wanted else None
