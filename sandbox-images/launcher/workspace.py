"""Puts input files into the workspace and takes output files out of it.

Both happen while no user process is alive: before the cell got its action, and after
every process of the run was killed and reaped. So nothing can be swapped while it is read.
"""

import fnmatch
import os
import re
import stat
import time

ROOT = "/workspace"
# The action's own source, so that tracebacks, `__file__` and spawned processes find it.
ACTION_NAME = "action.py"
ACTION = f"{ROOT}/{ACTION_NAME}"
MAX_DEPTH = 32
MAX_ENTRIES = 20_000
MAX_SECONDS = 2


def write(path, chunks):
    """Writes one input file; path is relative and was checked by the service, and is again here."""
    parts = path.split("/")
    if not parts or any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise ValueError(f"path {path!r}")
    folder = os.path.join(ROOT, *parts[:-1])
    os.makedirs(folder, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(os.path.join(folder, parts[-1]), flags, 0o644), "wb") as file:
        for chunk in chunks:
            file.write(chunk)


def disk():
    """Free room in the workspace, as the kernel counts it."""
    facts = os.statvfs(ROOT)
    return {"freeBytes": facts.f_bavail * facts.f_frsize, "freeInodes": facts.f_favail}


def collect(patterns, max_files, max_bytes):
    """As `_collect`, with a last word where the rest was not looked at."""
    try:
        yield from _collect(patterns, max_files, max_bytes)
    except TooMany as error:
        yield "skipped", str(error), "too_many_files", None


def _collect(patterns, max_files, max_bytes):
    """Yields ("file", path, size, descriptor) or ("skipped", path, reason, None) for what matches.

    Only regular files are ever opened, never through a link. The caller closes the descriptor.
    """
    wanted = [_compile(pattern) for pattern in patterns]
    taken = bytes_taken = 0
    deadline = time.monotonic() + MAX_SECONDS
    for path, folder, name in _walk():
        if name is None:
            yield "skipped", path.encode("utf-8", "backslashreplace").decode(), folder, None
            continue
        if time.monotonic() > deadline:
            yield "skipped", path.encode("utf-8", "backslashreplace").decode(), "out_of_time", None
            return
        if path == ACTION_NAME or not any(_matches(pattern, path.split("/")) for pattern in wanted):
            continue
        reason = None
        fd = None
        try:
            facts = os.lstat(name, dir_fd=folder)
            if not stat.S_ISREG(facts.st_mode):
                reason = "not_a_regular_file"
            elif not _is_utf8(path):
                reason = "name_is_not_utf8"
            elif taken >= max_files:
                reason = "too_many_files"
            elif bytes_taken + facts.st_size > max_bytes:
                reason = "too_large"
            else:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                fd = _open_readable(name, folder, flags, 0o600)
        except OSError:
            reason = "unreadable"
        if reason is not None or fd is None:
            yield "skipped", path.encode("utf-8", "backslashreplace").decode(), reason, None
            continue
        taken += 1
        bytes_taken += facts.st_size
        yield "file", path, facts.st_size, fd


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


def _walk():
    """Yields (relative path, folder descriptor, name), sorted, bounded in depth and number.

    A folder that is not looked into is yielded with a reason in place of the descriptor.
    """
    seen = 0
    pending = [()]
    while pending:
        parts = pending.pop()
        if len(parts) >= MAX_DEPTH:
            yield "/".join(parts), "too_deep", None
            continue
        try:
            folder = _open_folder(parts)
        except OSError:
            yield "/".join(parts) or ".", "unreadable", None
            continue
        try:
            with os.scandir(folder) as entries:
                names = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            seen += len(names)
            for name, is_folder in names:
                if not is_folder:
                    yield "/".join((*parts, name)), folder, name
            if seen > MAX_ENTRIES:
                raise TooMany("/".join(parts) or ".")
            pending += [(*parts, name) for name, is_folder in reversed(names) if is_folder]
        finally:
            os.close(folder)


def _open_folder(parts):
    """Opens one name at a time: a deep path may be longer than the kernel takes in one call.

    The run may have taken its own rights to a folder away; what is in here is the sandbox user's.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.chmod(ROOT, 0o700)
    folder = os.open(ROOT, flags)
    for name in parts:
        try:
            inner = _open_readable(name, folder, flags, 0o700)
        finally:
            os.close(folder)
        folder = inner
        os.fchmod(folder, 0o700)
    return folder


def _open_readable(name, folder, flags, mode):
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        # The run may have taken its own right to read away; what is in here is the sandbox user's.
        os.chmod(name, mode, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)
