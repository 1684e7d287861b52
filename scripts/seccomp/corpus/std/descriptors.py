"""Less usual things to do with files."""

import fcntl
import mmap
import os
import pty
import resource
import select
import shelve
import stat
import struct
import tarfile
import tempfile
import termios

file = tempfile.NamedTemporaryFile("w+b", dir="/tmp")
descriptor = file.fileno()
os.write(descriptor, b"x" * 8192)
with mmap.mmap(descriptor, 0) as mapped:
    mapped[0] = 1
    mapped.flush()
    mapped.madvise(mmap.MADV_WILLNEED)
fcntl.flock(descriptor, fcntl.LOCK_EX)
fcntl.lockf(descriptor, fcntl.LOCK_EX)
fcntl.lockf(descriptor, fcntl.LOCK_UN)
fcntl.fcntl(descriptor, fcntl.F_GETFD)
os.lockf(descriptor, os.F_LOCK, 1)
os.posix_fallocate(descriptor, 0, 10_000)
os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
os.fdatasync(descriptor)
os.readv(descriptor, [bytearray(2), bytearray(2)])
os.writev(descriptor, [b"a", b"b"])
os.fchmod(descriptor, 0o600)
os.fchdir(os.open("/tmp", os.O_DIRECTORY))
os.pwritev(descriptor, [b"a", b"b"], 0)
os.preadv(descriptor, [bytearray(2)], 0)
os.pwrite(descriptor, b"c", 0)
os.pread(descriptor, 1, 0)
with tempfile.TemporaryFile() as target:
    print(os.copy_file_range(descriptor, target.fileno(), 100), os.sendfile(target.fileno(), descriptor, 0, 100))
os.fstatvfs(descriptor)
for call in (
    lambda: os.setxattr("/tmp", "user.a", b"b"),
    lambda: os.getxattr("/tmp", "user.a"),
    lambda: os.listxattr("/tmp"),
    lambda: os.chown(descriptor, os.getuid(), os.getgid()),
    lambda: os.link("/tmp/none", "/tmp/other"),
    lambda: pty.openpty(),
    lambda: termios.tcgetattr(0),
    lambda: os.mknod("/tmp/regular", 0o600 | stat.S_IFREG),
    lambda: os.ttyname(0),
    lambda: os.tcgetpgrp(0),
):
    try:
        call()
    except (OSError, termios.error) as error:
        print(error)
inner = os.open("/tmp", os.O_DIRECTORY)
os.mkdir("other", dir_fd=inner)
os.rename("other", "another", src_dir_fd=inner, dst_dir_fd=inner)
os.symlink("another", "points", dir_fd=inner)
os.readlink("points", dir_fd=inner)
os.rmdir("another", dir_fd=inner)
os.mkfifo("/tmp/fifo")
ending = os.open("/tmp/fifo", os.O_RDWR | os.O_NONBLOCK)
os.set_blocking(ending, True)
fcntl.ioctl(ending, termios.FIONREAD, b"    ")
fcntl.ioctl(ending, termios.FIOCLEX)
fcntl.ioctl(ending, termios.FIONBIO, struct.pack("i", 1))
fcntl.fcntl(ending, fcntl.F_GETPIPE_SZ)
reader, writer = os.pipe2(os.O_CLOEXEC)
os.dup2(reader, 100, inheritable=False)
select.select([reader], [writer], [], 0.1)
os.utime("/tmp/fifo", ns=(1, 1), follow_symlinks=False)
os.chmod("/tmp/fifo", 0o600)
resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print(resource.prlimit(0, resource.RLIMIT_CPU))
os.closerange(300, 400)
with shelve.open("/tmp/shelf") as shelf:
    shelf["a"] = [1]
with tarfile.open("/tmp/t.tar.gz", "w:gz") as archive:
    archive.add(file.name)
with tarfile.open("/tmp/t.tar.gz") as archive:
    archive.extractall("/tmp/out", filter="data")
print(sorted(os.listdir("/proc/self/fd")), open("/proc/self/status").read()[:10])
