"""A run on its way in: head, code, stdin and files, which arrive as INPUT frames in that order."""

import json
from collections import deque

import frames
import workspace
from new_file import NewFile

_MAX_HEAD_BYTES = 64 << 20


class Intake:
    """Once `take` has returned True it is an order: `head`, `code`, `stdin`, and files to `commit`.

    Files are on disk but out of sight until then, so that a request of which only a part arrives is
    dropped as a whole. What the files themselves make fail is kept for `commit` to tell.
    """

    def __init__(self, request):
        head_bytes = request["headBytes"]
        if type(head_bytes) is not int or not 0 < head_bytes <= _MAX_HEAD_BYTES:
            raise frames.ProtocolError(f"a head of {head_bytes} bytes")
        self.head = None
        self.code = bytearray()
        self.stdin = bytearray()
        self._raw_head = bytearray()
        self._files = []
        self._names = set()
        self._failure = None
        self._parts = deque([_Part(head_bytes, self._raw_head.extend, self._parse_head)])

    def take(self, data):
        """Returns whether all has arrived."""
        data = memoryview(data)
        while self._parts:
            part = self._parts[0]
            piece, data = data[: part.left], data[part.left :]
            if piece:
                part.sink(piece)
                part.left -= len(piece)
            if part.left:
                return False
            self._parts.popleft()
            part.done()
        if data:
            raise frames.ProtocolError(f"{len(data)} bytes after the last input")
        self.code = bytes(self.code)
        return True

    def commit(self):
        """Puts all files in place. Raises OSError, and then leaves none that is not in place behind."""
        try:
            if self._failure is not None:
                raise self._failure
            for file in self._files:
                file.commit()
            if self.head["mode"] == "script":
                workspace.put_action(self.code)
        except OSError:
            self.drop()
            raise

    def drop(self):
        for file in self._files:
            file.drop()

    def _parse_head(self):
        self.head = json.loads(self._raw_head)
        if self.head["mode"] == "script":
            self._names.add(workspace.ACTION_NAME)
        self._parts.append(_Part(self.head["codeBytes"], self.code.extend, _nothing))
        self._parts.append(_Part(self.head["stdinBytes"], self.stdin.extend, _nothing))
        for file in self.head["files"]:
            path = file["path"]
            self._parts.append(_Part(0, _nothing, lambda path=path: self._try(self._begin_file, path)))
            self._parts.append(_Part(file["bytes"], self._write_file, lambda: self._try(self._close_file)))

    def _begin_file(self, path):
        if path in self._names:
            raise FileExistsError(17, f"there is another {path}")
        self._names.add(path)
        self._files.append(NewFile(path))

    def _write_file(self, data):
        self._try(lambda: self._files[-1].write(data))

    def _close_file(self):
        self._files[-1].close()

    def _try(self, step, *args):
        """Does nothing once something has failed; the rest of the request still has to be read."""
        if self._failure is None:
            try:
                step(*args)
            except OSError as error:
                self._failure = error.with_traceback(None)


class _Part:
    def __init__(self, left, sink, done):
        if type(left) is not int or left < 0:
            raise frames.ProtocolError(f"an input of {left} bytes")
        self.left = left
        self.sink = sink
        self.done = done


def _nothing(*_):
    pass
