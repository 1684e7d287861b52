"""A file on its way into the workspace: under a name that nobody guesses, until it is whole."""

import os
import stat

import beneath

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Names of files that are not there yet as far as callers are concerned.
hidden = set()


class NewFile:
    """`write` as often as it takes, then `commit` or `drop`. All raise OSError."""

    def __init__(self, path, mode=0o644, make_folders=True):
        self._parts = beneath.split(path)
        self._mode = mode & 0o777
        self._temporary = f".cloche-{os.urandom(12).hex()}"
        folder = beneath.open_folder(self._parts[:-1], beneath.WRITE, make_folders)
        try:
            self._fd = os.open(self._temporary, FLAGS, 0o600, dir_fd=folder)
        finally:
            os.close(folder)
        hidden.add(self._temporary)

    def write(self, data):
        data = memoryview(data)
        while data:
            data = data[os.write(self._fd, data) :]

    def close(self):
        """No more will be written. Gives the descriptor back before `commit` does."""
        if self._fd is not None:
            os.fchmod(self._fd, self._mode)
            os.close(self._fd)
            self._fd = None

    def commit(self):
        """Puts the file in place of whatever non-folder is there, atomically; returns whether there was none."""
        self.close()
        folder = beneath.open_folder(self._parts[:-1], beneath.WRITE)
        try:
            name = self._parts[-1]
            created = not _exists(name, folder)
            if not created and stat.S_ISDIR(beneath.facts(name, folder).st_mode):
                raise IsADirectoryError(21, f"a folder: {name}")
            os.rename(self._temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            hidden.discard(self._temporary)
            return created
        finally:
            os.close(folder)

    def drop(self):
        """Takes it back, as far as the code of the session has left it there. Never raises."""
        try:
            self.close()
            folder = beneath.open_folder(self._parts[:-1], beneath.WRITE)
            try:
                os.unlink(self._temporary, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError:
            pass
        hidden.discard(self._temporary)


def _exists(name, folder):
    try:
        beneath.facts(name, folder)
    except FileNotFoundError:
        return False
    return True
