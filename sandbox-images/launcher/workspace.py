"""Looks through the workspace, and takes output files out of it, while code of the session may be running.

What takes long is a generator that yields None now and then, so that the supervisor can see to other things.
"""

import fnmatch
import os
import re
import stat
import time
from itertools import islice

import beneath
import new_file
from new_file import NewFile

ROOT = beneath.ROOT
# The action's own source, so that tracebacks, `__file__` and spawned processes find it.
ACTION_NAME = "action.py"
ACTION = f"{ROOT}/{ACTION_NAME}"
MAX_DEPTH = 32
MAX_ENTRIES = 20_000
MAX_SECONDS = 2


def put(path, content, mode=0o644):
    """Writes a whole file in one; returns whether there was none."""
    file = NewFile(path, mode)
    try:
        file.write(content)
        return file.commit()
    except BaseException:
        file.drop()
        raise


def put_action(source):
    """Writes the action's own file: straight away where there is none yet, which is nearly always so."""
    folder = beneath.open_folder([], beneath.WRITE)
    try:
        with open(os.open(ACTION_NAME, new_file.FLAGS, 0o644, dir_fd=folder), "wb") as file:
            file.write(source)
    except FileExistsError:
        put(ACTION_NAME, source)
    finally:
        os.close(folder)


def disk():
    """Free room in the workspace, as the kernel counts it."""
    facts = os.statvfs(ROOT)
    return {"freeBytes": facts.f_bavail * facts.f_frsize, "freeInodes": facts.f_favail}


def readable(path):
    """A path as text that can be sent; what is not UTF-8 in it is spelt out."""
    return path.encode("utf-8", "backslashreplace").decode()


def collect(patterns, max_files, max_bytes):
    """As `_collect`, with a last word where the rest was not looked at."""
    try:
        yield from _collect(patterns, max_files, max_bytes)
    except TooMany as error:
        yield "skipped", readable(str(error)), "too_many_files", None


def _collect(patterns, max_files, max_bytes):
    """Yields ("file", path, size, descriptor) or ("skipped", path, reason, None) for what matches, else None.

    Only regular files are ever opened, never through a link. The caller closes the descriptor.
    """
    wanted = [_compile(pattern) for pattern in patterns]
    taken = bytes_taken = 0
    deadline = time.monotonic() + MAX_SECONDS
    for path, folder, name in walk(""):
        yield None
        if name is None:
            yield "skipped", readable(path), folder, None
            continue
        if time.monotonic() > deadline:
            yield "skipped", readable(path), "out_of_time", None
            return
        if path == ACTION_NAME or not any(_matches(pattern, path.split("/")) for pattern in wanted):
            continue
        reason = None
        fd = None
        try:
            facts = beneath.facts(name, folder)
            if stat.S_ISDIR(facts.st_mode):
                continue
            if not stat.S_ISREG(facts.st_mode):
                reason = "not_a_regular_file"
            elif not _is_utf8(path):
                reason = "name_is_not_utf8"
            elif taken >= max_files:
                reason = "too_many_files"
            elif bytes_taken + facts.st_size > max_bytes:
                reason = "too_large"
            else:
                fd, facts = beneath.open_file(name, folder)
                if bytes_taken + facts.st_size > max_bytes:
                    os.close(fd)
                    reason = "too_large"
        except OSError:
            reason = "unreadable"
        if reason is not None:
            yield "skipped", readable(path), reason, None
            continue
        taken += 1
        bytes_taken += facts.st_size
        yield "file", path, facts, fd


class TooMany(Exception):
    """The workspace has more entries than anybody should wait for."""


def _compile(pattern):
    """One matcher for each name of the path; None stands for `**`, any number of folders.

    fnmatch's expressions don't backtrack from one `*` into another, so no pattern is slow.
    """
    return [None if part == "**" else re.compile(fnmatch.translate(part)).match for part in pattern.split("/")]


def _matches(pattern, parts):
    # reached[n]: the patterns so far can stand for the first n names.
    reached = [True] + [False] * len(parts)
    for match in pattern:
        if match is None:
            first = reached.index(True) if True in reached else len(reached)
            reached = [n >= first for n in range(len(reached))]
        else:
            reached = [False] + [reached[n] and match(parts[n]) is not None for n in range(len(parts))]
    return reached[-1]


def _is_utf8(path):
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def walk(top, recursive=True):
    """Yields (path, folder descriptor, name) of all that is in the folder `top`, bounded in depth and number.

    Folders come with their entries after them, each folder's names sorted. One that is not looked into is
    yielded once more, with a reason in place of the descriptor and no name. Raises TooMany.
    """
    left = MAX_ENTRIES
    above = beneath.split(top) if top else []
    pending = [above]
    while pending:
        parts = pending.pop()
        if len(parts) - len(above) >= MAX_DEPTH:
            yield "/".join(parts), "too_deep", None
            continue
        try:
            folder = beneath.open_folder(parts)
        except OSError:
            if parts == above:
                raise
            yield "/".join(parts) or ".", "unreadable", None
            continue
        try:
            with os.scandir(folder) as entries:
                names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in islice(entries, left + 1))
            left -= len(names)
            if left < 0:
                raise TooMany("/".join(parts) or ".")
            for name, _ in names:
                if name not in new_file.hidden:
                    yield "/".join((*parts, name)), folder, name
            if recursive:
                pending += [[*parts, name] for name, is_folder in reversed(names) if is_folder]
        finally:
            os.close(folder)
