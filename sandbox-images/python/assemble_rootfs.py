"""Copies what a sandbox needs from the base image into an empty root, and nothing else.

An allow-list, so that what a base adds tomorrow stays out until someone names it here. It runs on any
Debian trixie base: CPython is found by asking the running interpreter, shared libraries by asking ldd.
"""

import fnmatch
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

PYTHON_VERSION = (3, 13)

# A shell and the usual text tools, because code actions call them; the C and C++ runtimes, because
# manylinux wheels expect the system to have them; time zones, MIME types and service names for the stdlib.
KEPT_PACKAGES = (
    "bash coreutils dash diffutils findutils grep gzip hostname libc-bin libc6 libgcc-s1 libstdc++6 mawk "
    "media-types ncurses-base netbase sed tar tzdata"
).split()

# Files that no package owns but that the kept ones read.
KEPT_FILES = (
    "/etc/alternatives/awk /etc/debian_version /etc/ld.so.conf /etc/ld.so.conf.d/* /etc/localtime /etc/os-release "
    "/etc/ssl/openssl.cnf /usr/bin/awk /usr/lib/os-release /usr/lib/ssl/openssl.cnf"
).split()

# Parts of kept packages and of the stdlib that a sandbox has no use for: documentation, foreign character
# sets, tools of the administrator, test suites, GUI toolkits, installers of further packages.
LEFT_OUT = [
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/man/*",
    "/usr/share/locale/*",
    "/usr/share/lintian/*",
    "/usr/share/bug/*",
    "/usr/share/bash-completion/*",
    "/usr/share/zoneinfo/right/*",
    "/usr/lib/*/gconv/*",
    "/usr/lib/*/audit/*",
    "/usr/lib/mime/*",
    "/usr/sbin/tzconfig",
    "/usr/sbin/chroot",
    "/usr/sbin/iconvconfig",
    "/usr/sbin/zic",
    "/usr/bin/bashbug",
    "/usr/bin/chattr",
    "/usr/bin/localedef",
    "/usr/bin/pinky",
    "/usr/bin/tzselect",
    "/usr/bin/uptime",
    "/usr/bin/users",
    "/usr/bin/who",
    "/etc/cron*",
    "/etc/default/*",
    "/etc/skel/*",
    "/etc/update-motd.d/*",
    "*/__pycache__/*",
    "{stdlib}/config-*",
    "{stdlib}/EXTERNALLY-MANAGED",
    "{stdlib}/dist-packages/*",
    "{stdlib}/ensurepip/*",
    "{stdlib}/idlelib/*",
    "{stdlib}/lib-dynload/_ctypes_test.*",
    "{stdlib}/lib-dynload/_test*",
    "{stdlib}/lib-dynload/_tkinter.*",
    "{stdlib}/lib-dynload/_xx*",
    "{stdlib}/lib-dynload/xx*",
    "{stdlib}/pydoc_data/*",
    "{stdlib}/site-packages/*",
    "{stdlib}/sitecustomize.py",
    "{stdlib}/test/*",
    "{stdlib}/tkinter/*",
    "{stdlib}/turtle.py",
    "{stdlib}/turtledemo/*",
    "{stdlib}/venv/*",
]

SITE_PACKAGES = "/opt/python-packages"

STDLIB = sysconfig.get_path("stdlib")


def wanted(path):
    return not any(fnmatch.fnmatchcase(path, pattern.format(stdlib=STDLIB)) for pattern in LEFT_OUT)


def canonical(path):
    """The path with links in its folders followed, itself not: /bin/sh becomes /usr/bin/sh."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def package_files():
    info = pathlib.Path("/var/lib/dpkg/info")
    for package in KEPT_PACKAGES:
        lists = [*info.glob(f"{package}.list"), *info.glob(f"{package}:*.list")]
        if not lists:
            print(f"note: the base has no package {package}", file=sys.stderr)
        for names in lists:
            yield from names.read_text().splitlines()


def python_files():
    for name in ("python3", "python%d.%d" % PYTHON_VERSION):
        yield os.path.join(os.path.dirname(sys.executable), name)
    for root in {STDLIB, sysconfig.get_path("platstdlib")}:
        for folder, _, names in os.walk(root):
            yield from (os.path.join(folder, name) for name in names)


def libraries_of(path):
    """What the dynamic linker would load for this file, as file paths."""
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
    if "not found" in listed.stdout:
        sys.exit(f"a library that {path} needs is missing from the base:\n{listed.stdout}")
    for line in listed.stdout.splitlines():
        yield from (word for word in line.split() if word.startswith("/"))


def closure(paths):
    """Adds the targets of links and the libraries of programs until nothing new turns up."""
    kept, queue = set(), [canonical(path) for path in paths if wanted(canonical(path))]
    while queue:
        path = queue.pop()
        if path in kept or (os.path.isdir(path) and not os.path.islink(path)) or not os.path.lexists(path):
            continue
        kept.add(path)
        if os.path.islink(path):
            queue.append(canonical(os.path.join(os.path.dirname(path), os.readlink(path))))
        else:
            queue += [canonical(library) for library in libraries_of(path)]
    return kept


def put(root, path):
    """Copies one file with plain modes: no setuid, nothing that anyone but root may write."""
    target = root + path
    os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
        return
    shutil.copyfile(path, target)
    os.chmod(target, 0o755 if os.stat(path).st_mode & 0o111 else 0o644)


def write(root, path, text):
    os.makedirs(os.path.dirname(root + path), mode=0o755, exist_ok=True)
    with open(root + path, "w", encoding="utf-8") as file:
        file.write(text)


def main(root):
    if sys.version_info[:2] != PYTHON_VERSION:
        sys.exit("the base must have CPython %d.%d, not %s" % (*PYTHON_VERSION, sys.version))
    os.umask(0o022)
    os.makedirs(root)
    # Merged /usr: the short names are links, and canonical() has sent their files to /usr.
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), os.path.join(root, name))

    unowned = [str(path) for pattern in KEPT_FILES for path in pathlib.Path("/").glob(pattern[1:])]
    for path in sorted(closure([*package_files(), *python_files(), *unowned])):
        put(root, path)

    bin_folder = os.path.dirname(canonical(sys.executable))
    if not os.path.lexists(f"{root}{bin_folder}/python"):
        os.symlink("python3", f"{root}{bin_folder}/python")

    # Packages have one address on every base; the base's own site folder is a link to it.
    os.makedirs(root + SITE_PACKAGES)
    site_folder = sysconfig.get_path("purelib")
    os.makedirs(os.path.dirname(root + site_folder), exist_ok=True)
    os.symlink(SITE_PACKAGES, root + site_folder)

    # Home is the scratch folder, so that dot files of libraries don't turn up among the outputs.
    write(root, "/etc/passwd", "root:x:0:0:root:/:/bin/sh\nsandbox:x:65534:65534:sandbox:/tmp:/bin/sh\n")
    write(root, "/etc/group", "root:x:0:\nsandbox:x:65534:\n")
    write(root, "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    subprocess.run(["ldconfig", "-r", root], check=True)
    shutil.rmtree(root + "/var/cache", ignore_errors=True)

    # A tmpfs covers the scratch folders at run time. Should one be missing, only root may write there. runc 1.1
    # gives a tmpfs the mode of the folder under it, so these are the modes that its owner gets to see.
    for name in ("proc", "sys", "dev", "dev/shm", "run", "workspace", "tmp", "var/tmp"):
        os.makedirs(os.path.join(root, name), mode=0o755, exist_ok=True)


main(sys.argv[1])
