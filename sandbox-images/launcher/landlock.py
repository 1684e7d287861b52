"""The kernel's rules about files, and about who is reached by signals and abstract sockets."""

import ctypes
import os
import struct

import confine

# The generic numbers: the same on x86_64 and aarch64.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_CREATE_RULESET_VERSION = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_SCOPES = {"abstract_unix_socket": 1, "signal": 2}
_FIRST_WITH_SCOPES = 6

_READ = _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV


def abi():
    """The kernel's Landlock version, 0 where it has none."""
    try:
        return confine.call(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION)
    except OSError:
        return 0


class Ruleset:
    """Made once, ahead of time, in the launcher: the child only has to enter it."""

    def __init__(self, lists, version):
        handled = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
        self.scope = sorted(lists["scope"]) if version >= _FIRST_WITH_SCOPES else []
        # Loopback TCP stays allowed (handled_access_net 0): the network namespace has nothing else.
        attributes = struct.pack("=QQQ", handled, 0, sum(_SCOPES[name] for name in self.scope))
        size = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}.get(version, 24)
        self._fd = confine.call(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        writable = handled & ~(_EXECUTE | _MAKE_CHAR | _MAKE_BLOCK | _IOCTL_DEV)
        rights = {
            "readExecute": _READ | _EXECUTE,
            "read": _READ,
            "devices": _READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV,
            "write": writable,
        }
        for name, right in rights.items():
            for path in lists[name]:
                self._allow(path, right & handled)

    def _allow(self, path, rights):
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            # Not every image has every path, and what is not there needs no rule.
            return
        try:
            if not os.path.isdir(path):
                rights &= _FILE_RIGHTS
            confine.call(_ADD_RULE, self._fd, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, fd), 0)
        finally:
            os.close(fd)

    def enter(self):
        """For the calling process and all that will descend from it, for good."""
        confine.call(_RESTRICT_SELF, self._fd, 0)
