"""The policy's own system call filter, which a cell puts on itself last of all.

Of what it denies the kernel asks whoever has the filter's listener: a descriptor that the kernel gives to
the cell, and that has to get from there to the launcher with the filter in force already. That call, and
the one that puts the second filter on, bear a mark in the registers that they don't use, which the first filter
lets through and the second one closes; src/docker/seccomp/program.ts makes both.
"""

import base64
import ctypes
import errno
import os
import struct

import _socket
import confine

_SET_MODE_FILTER = 1
_NEW_LISTENER = 8
_MARK = ctypes.c_long(0x636C6F636865)
_EPERM = struct.pack("<I", 0x00050000 | errno.EPERM)
# A kernel that can't ask, and one that asks somebody else about this container already.
_NOBODY_TO_ASK = (errno.EINVAL, errno.EBUSY)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    @classmethod
    def of(cls, instructions):
        buffer = ctypes.create_string_buffer(instructions, len(instructions))
        program = cls(len(instructions) // 8, ctypes.addressof(buffer))
        program.buffer = buffer
        return program


class _Message(ctypes.Structure):
    """struct msghdr, as the kernel has it."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_bytes", ctypes.c_uint),
        ("parts", ctypes.c_void_p),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_bytes", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class Filters:
    """Made once, ahead of time, in the launcher."""

    # How many a cell has with these.
    COUNT = 2

    def __init__(self, said):
        self._numbers = said["numbers"]
        asking = base64.b64decode(said["tier"])
        self._asking = _Program.of(asking)
        self._plain = _Program.of(asking[:-4] + _EPERM)
        self._closing = _Program.of(base64.b64decode(said["closing"]))

    def put_on(self, channel):
        """In the cell: for good. Returns whether the launcher got the listener, over `channel`. Raises OSError."""
        try:
            listener = self._install(self._asking, _NEW_LISTENER)
        except OSError as error:
            if error.errno not in _NOBODY_TO_ASK:
                raise
            self._install(self._plain, 0)
            listener = None
        if listener is not None:
            self._send(channel, listener)
            os.close(listener)
        self._install(self._closing, 0)
        return listener is not None

    def _install(self, program, flags):
        number = self._numbers["seccomp"]
        return confine.call(number, _SET_MODE_FILTER, flags, ctypes.byref(program), _MARK, _MARK, _MARK)

    def _send(self, channel, fd):
        text = ctypes.create_string_buffer(b"L", 1)
        part = (ctypes.c_size_t * 2)(ctypes.addressof(text), 1)
        rights = struct.pack("@Niii", struct.calcsize("@Nii") + 4, _socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd)
        control = ctypes.create_string_buffer(rights, _socket.CMSG_SPACE(4))
        message = _Message(
            None, 0, ctypes.addressof(part), 1, ctypes.addressof(control), ctypes.sizeof(control), 0
        )
        confine.call(self._numbers["sendmsg"], channel, ctypes.byref(message), 0, _MARK, _MARK, _MARK)
