"""Takes files and folders out of the workspace, however deep and however many, without ever following a link."""

import errno
import os
import stat
from itertools import islice

import beneath
import workspace


def remove(path, recursive):
    """Yields None now and then, and last how many entries were removed. Raises OSError."""
    *above, name = beneath.split(path)
    folder = beneath.open_folder(above, beneath.WRITE)
    try:
        if not stat.S_ISDIR(beneath.facts(name, folder).st_mode):
            os.unlink(name, dir_fd=folder)
            yield 1
            return
        removed = 0
        if recursive:
            inner = beneath.enter(name, folder, beneath.WRITE)
            try:
                for removed in empty(inner):
                    yield None
            finally:
                os.close(inner)
        os.rmdir(name, dir_fd=folder)
        yield removed + 1
    finally:
        os.close(folder)


def empty(top):
    """Empties an open folder; yields how many entries are gone so far.

    Folders in folders are first moved up into `top`, so nothing is ever more than two levels away, and
    what is left when it is too much is still in there.
    """
    removed = moved = 0
    while names := _some_names(top):
        for name in names:
            _check(removed + moved)
            if _remove_one(name, top):
                removed += 1
                yield removed
                continue
            inner = beneath.enter(name, top, beneath.WRITE)
            try:
                while below := _some_names(inner):
                    for deeper in below:
                        if _remove_one(deeper, inner):
                            removed += 1
                        else:
                            _move_up(deeper, inner, top)
                            moved += 1
                        _check(removed + moved)
                        yield removed
            finally:
                os.close(inner)


def _check(done):
    if done > workspace.MAX_ENTRIES:
        raise OSError(errno.E2BIG, f"more than {workspace.MAX_ENTRIES} entries")


def _some_names(folder):
    with os.scandir(folder) as entries:
        return [entry.name for entry in islice(entries, 1000)]


def _remove_one(name, folder):
    """Removes a file or an empty folder; returns False for a folder that is not empty."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        # Removed by the code of the session, which is as well.
        pass
    except IsADirectoryError:
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
            return False
    return True


def _move_up(name, folder, top):
    # A folder can be moved only by who may write to it.
    os.close(beneath.enter(name, folder, beneath.WRITE))
    os.rename(name, f".cloche-{os.urandom(12).hex()}", src_dir_fd=folder, dst_dir_fd=top)
