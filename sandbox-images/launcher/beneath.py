"""Ways into the workspace that stay in it, whatever the code that runs there does meanwhile.

Paths are walked one part at a time from an open folder and never through a link, so nothing that is
swapped under our feet leads anywhere else. What is found belongs to the sandbox's user, so rights that
the code took from itself are given back where they are in the way.
"""

import errno
import os
import stat

ROOT = "/workspace"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAX_PATH_BYTES = 4096
READ, WRITE = 0o500, 0o700


def split(path):
    """Returns the parts of a relative path; raises OSError for what is none."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise OSError(errno.EINVAL, f"not a path in the workspace: {path[:200]!r}")
    try:
        length = len(os.fsencode(path))
    except UnicodeEncodeError:
        raise OSError(errno.EINVAL, f"not a name of a file: {path[:200]!r}") from None
    if length > _MAX_PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, f"a path of {length} bytes, at most {_MAX_PATH_BYTES}")
    return parts


def open_folder(parts, need=READ, make=False):
    """Returns a descriptor of the folder, with the rights in `need`; `make` makes those that are missing."""
    try:
        folder = os.open(ROOT, _FOLDER)
    except PermissionError:
        folder = None
    if folder is None or stat.S_IMODE(os.fstat(folder).st_mode) & WRITE != WRITE:
        os.chmod(ROOT, WRITE)
        folder = folder or os.open(ROOT, _FOLDER)
    for name in parts:
        try:
            inner = enter(name, folder, need, make)
        finally:
            os.close(folder)
        folder = inner
    return folder


def enter(name, folder, need=READ, make=False):
    """Returns a descriptor of the folder `name` in `folder`."""
    try:
        inner = _open_inner(name, folder)
    except FileNotFoundError:
        if not make:
            raise
        try:
            os.mkdir(name, 0o755, dir_fd=folder)
        except FileExistsError:
            pass
        inner = _open_inner(name, folder)
    except PermissionError:
        _permit(name, folder, need)
        inner = _open_inner(name, folder)
    except NotADirectoryError:
        if stat.S_ISLNK(facts(name, folder).st_mode):
            raise OSError(errno.ELOOP, f"a link: {name}") from None
        raise
    mode = stat.S_IMODE(os.fstat(inner).st_mode)
    if mode & need != need:
        os.fchmod(inner, mode | need)
    return inner


def _open_inner(name, folder):
    """In two steps: gVisor goes through a link where O_DIRECTORY stands beside O_NOFOLLOW, unless O_PATH does, too."""
    place = os.open(name, os.O_PATH | _FOLDER, dir_fd=folder)
    try:
        return os.open(".", _FOLDER, dir_fd=place)
    finally:
        os.close(place)


def facts(name, folder):
    return os.lstat(name, dir_fd=folder)


def open_file(name, folder):
    """Opens a regular file for reading; returns its descriptor and its facts. Never waits for anybody."""
    _require_regular(facts(name, folder), name)
    try:
        fd = os.open(name, _FILE, dir_fd=folder)
    except PermissionError:
        _permit(name, folder, stat.S_IRUSR)
        fd = os.open(name, _FILE, dir_fd=folder)
    try:
        # Of what was opened: it may be another one by now.
        found = os.fstat(fd)
        _require_regular(found, name)
    except OSError:
        os.close(fd)
        raise
    return fd, found


def _require_regular(found, name):
    if stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        raise OSError(errno.EISDIR, f"a folder: {name}")
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, f"a link: {name}")
    raise OSError(errno.EINVAL, f"not a regular file: {name}")


def _permit(name, folder, mode):
    """As chmod, but never through a link."""
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        found = os.fstat(fd)
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            os.chmod(f"/proc/self/fd/{fd}", stat.S_IMODE(found.st_mode) | mode)
    finally:
        os.close(fd)
