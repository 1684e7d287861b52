"""Files of the workspace: made, read, listed, renamed, linked, removed."""

import filecmp
import glob
import gzip
import io
import linecache
import os
import pathlib
import shutil
import tempfile
import zipfile

folder = pathlib.Path("made/deep")
folder.mkdir(parents=True)
file = folder / "a.txt"
file.write_text("line\n" * 1000)
assert file.read_text().count("line") == 1000
with file.open("r+b", buffering=0) as raw:
    raw.seek(10)
    raw.truncate(100)
    raw.flush()
    os.fsync(raw.fileno())
    os.fstat(raw.fileno())
    assert not raw.isatty()
os.truncate(file, 50)
with open(file, "a+") as both:
    both.write("more")
    both.seek(0)
    assert both.read()
os.rename(file, folder / "b.txt")
os.replace(folder / "b.txt", folder / "c.txt")
os.symlink("c.txt", folder / "link")
os.readlink(folder / "link")
(folder / "c.txt").resolve(strict=True)
os.chmod(folder / "c.txt", 0o600)
os.utime(folder / "c.txt", (1, 1))
os.access(folder / "c.txt", os.R_OK)
os.umask(0o077)
print(os.listdir(folder), list(os.scandir(folder)), list(os.walk("made")), glob.glob("made/**", recursive=True))
print(os.stat("made"), os.lstat(folder / "link"), os.statvfs("."), shutil.disk_usage("."))
os.chdir("made")
print(os.getcwd())
os.chdir("..")
shutil.copy(folder / "c.txt", folder / "copy")
shutil.copy2(folder / "c.txt", folder / "copy2")
shutil.copytree("made", "copied")
assert filecmp.cmp(folder / "c.txt", folder / "copy")
with tempfile.TemporaryFile() as scratch:
    scratch.write(b"x")
with tempfile.NamedTemporaryFile() as scratch:
    scratch.write(b"x")
with tempfile.TemporaryDirectory() as scratch:
    pathlib.Path(scratch, "f").touch()
with gzip.open("a.gz", "wb") as packed:
    packed.write(b"x" * 100_000)
with zipfile.ZipFile("a.zip", "w") as archive:
    archive.write("a.gz")
with zipfile.ZipFile("a.zip") as archive:
    archive.extractall("unpacked")
descriptor = os.open("a.gz", os.O_RDONLY)
copy = os.dup(descriptor)
os.dup2(copy, 200)
os.set_inheritable(copy, True)
os.set_blocking(descriptor, True)
os.pread(descriptor, 4, 0)
os.lseek(descriptor, 0, os.SEEK_END)
for number in (descriptor, copy, 200):
    os.close(number)
inner = os.open("made", os.O_RDONLY | os.O_DIRECTORY)
os.open("deep/c.txt", os.O_RDONLY, dir_fd=inner)
os.stat("deep", dir_fd=inner)
os.listdir(inner)
os.close(inner)
os.remove(folder / "link")
shutil.rmtree("made")
shutil.rmtree("copied")
print(linecache.getline(__file__, 1), io.BytesIO(b"x").read())
