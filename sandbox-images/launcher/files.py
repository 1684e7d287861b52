"""The calls that move files: each is answered with a head and data, or raises OSError."""

import errno
import json
import os

import beneath
import listing
import removal
import workspace
from new_file import NewFile

_MAX_HANDLES = 64
# A run's output files come on top: they are opened together, so that they are of one moment.
_MAX_COLLECTED = 512
_MAX_CHUNK = 1 << 18
_MAX_SKIPPED = 1000
_MAX_NAMES_BYTES = 512 << 10


class _Reading:
    """A file that is read from beginning to end, as long as it stays as it was when it was opened."""

    def __init__(self, fd, facts):
        self._fd = fd
        self._facts = facts
        self._left = facts.st_size

    def read(self, most):
        data = os.read(self._fd, min(most, self._left))
        now = os.fstat(self._fd)
        changed = (now.st_size, now.st_ctime_ns) != (self._facts.st_size, self._facts.st_ctime_ns)
        if changed or (self._left and most and not data):
            raise OSError(errno.ESTALE, "the file changed while it was read")
        self._left -= len(data)
        return data, self._left == 0

    def drop(self):
        os.close(self._fd)


class Files:
    """The handles of one stream. A generator among the calls yields None until it has its answer."""

    def __init__(self):
        self._handles = {}
        self._last_handle = 0
        self.calls = {
            "list": self._list,
            "stat": self._stat,
            "read": self._read,
            "chunk": self._chunk,
            "write": self._write,
            "append": self._append,
            "commit": self._commit,
            "drop": self._drop,
            "put": self._put,
            "folder": self._folder,
            "remove": self._remove,
            "collect": self._collect,
        }

    def close_all(self):
        for open_file in self._handles.values():
            open_file.drop()
        self._handles.clear()

    def _keep(self, open_file):
        if len(self._handles) >= _MAX_HANDLES:
            open_file.drop()
            raise OSError(errno.EMFILE, f"{_MAX_HANDLES} handles are open")
        return self._add(open_file)

    def _add(self, open_file):
        self._last_handle += 1
        self._handles[self._last_handle] = open_file
        return self._last_handle

    def _of_kind(self, handle, kind):
        found = self._handles.get(handle)
        if not isinstance(found, kind):
            raise OSError(errno.EBADF, f"no such handle: {handle}")
        return found

    def _list(self, head, _):
        page = None
        try:
            for page in listing.listing(head):
                yield None
        except workspace.TooMany:
            raise OSError(errno.E2BIG, f"more than {workspace.MAX_ENTRIES} entries") from None
        yield page, b""

    def _stat(self, head, _):
        folder, name = _parent(head["path"])
        try:
            return listing.entry(head["path"], beneath.facts(name, folder)), b""
        finally:
            os.close(folder)

    def _read(self, head, _):
        folder, name = _parent(head["path"])
        try:
            fd, facts = beneath.open_file(name, folder)
        finally:
            os.close(folder)
        return {"handle": self._keep(_Reading(fd, facts)), **listing.numbers(facts)}, b""

    def _chunk(self, head, _):
        reading = self._of_kind(head["handle"], _Reading)
        data, end = reading.read(min(max(head["max"], 0), _MAX_CHUNK))
        return {"end": end}, data

    def _write(self, head, _):
        file = NewFile(head["path"], head.get("mode", 0o644), head.get("makeFolders", True))
        return {"handle": self._keep(file)}, b""

    def _append(self, head, data):
        self._of_kind(head["handle"], NewFile).write(data)
        return {}, b""

    def _commit(self, head, _):
        file = self._of_kind(head["handle"], NewFile)
        del self._handles[head["handle"]]
        try:
            return {"created": file.commit()}, b""
        except OSError:
            file.drop()
            raise

    def _drop(self, head, _):
        self._of_kind(head["handle"], (NewFile, _Reading)).drop()
        del self._handles[head["handle"]]
        return {}, b""

    def _put(self, head, data):
        return {"created": workspace.put(head["path"], data, head.get("mode", 0o644))}, b""

    def _folder(self, head, _):
        os.close(beneath.open_folder(beneath.split(head["path"]), make=True))
        return {}, b""

    def _remove(self, head, _):
        removed = 0
        for count in removal.remove(head["path"], head.get("recursive", False)):
            removed = count or removed
            yield None
        yield {"removed": removed}, b""

    def _collect(self, head, _):
        files, skipped = [], []
        room = _MAX_NAMES_BYTES
        for found in workspace.collect(head["patterns"], head["maxFiles"], head["maxBytes"]):
            yield None
            if found is None:
                continue
            what, path, detail, fd = found
            room -= len(json.dumps(path)) + 64
            if what == "file":
                reading = _Reading(fd, detail)
                if len(files) < _MAX_COLLECTED and room > 0:
                    files.append({"path": path, "bytes": detail.st_size, "handle": self._add(reading)})
                    continue
                reading.drop()
                detail = "too_many_files"
            if len(skipped) < _MAX_SKIPPED and room > 0:
                skipped.append({"path": path, "reason": detail})
        yield {"files": files, "skipped": skipped}, b""


def _parent(path):
    *above, name = beneath.split(path)
    return beneath.open_folder(above), name
