"""What a program asks about itself and where it runs."""

import getpass
import locale
import os
import platform
import resource
import select
import sys
import sysconfig

print(os.getpid(), os.getppid(), os.getuid(), os.geteuid(), os.getgid(), os.getegid())
print(os.uname(), platform.system(), platform.machine(), platform.python_version())
print(os.cpu_count(), os.process_cpu_count(), os.sched_getaffinity(0), os.environ.get("HOME"))
print(os.urandom(8), os.getrandom(8), os.sysconf("SC_PAGE_SIZE"))
print(resource.getrusage(resource.RUSAGE_SELF), resource.getrlimit(resource.RLIMIT_NOFILE))
print(getpass.getuser(), locale.setlocale(locale.LC_ALL, ""), sysconfig.get_paths(), sys.argv, sys.flags)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
print(select.poll(), os.isatty(0), os.ttyname if hasattr(os, "ttyname") else None, sys.getrecursionlimit())
try:
    print(os.get_terminal_size(), os.getloadavg())
except OSError:
    print("no terminal")
