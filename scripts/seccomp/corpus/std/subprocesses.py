"""Other programs: started, fed, waited for, ended."""

import os
import shutil
import signal
import subprocess
import sys

assert subprocess.run(["echo", "hi"], capture_output=True, check=True).stdout == b"hi\n"
assert subprocess.run(["cat"], input=b"x" * 200_000, capture_output=True).stdout.count(b"x") == 200_000
assert subprocess.check_output("ls | sort | head -3; echo $(( 1 + 1 ))", shell=True, text=True)
try:
    subprocess.run(["sleep", "9"], timeout=0.05)
except subprocess.TimeoutExpired:
    pass
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(9)"], start_new_session=True)
child.send_signal(signal.SIGSTOP)
child.send_signal(signal.SIGCONT)
child.terminate()
child.wait()
child = subprocess.Popen(["sleep", "9"], process_group=0, umask=0o77, cwd="/tmp", close_fds=False)
os.killpg(child.pid, signal.SIGKILL)
child.wait()
child = subprocess.Popen(["true"], preexec_fn=lambda: os.nice(1))
print(os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT), child.wait())
pid = os.posix_spawn("/usr/bin/true", ["true"], {}, setsigdef=[signal.SIGPIPE], setpgroup=0)
print(os.waitpid(pid, 0), os.popen("uname").read(), os.system("true"), shutil.which("python3"))
try:
    os.execv("/nowhere", ["nowhere"])
except FileNotFoundError:
    pass
os.execvp("true", ["true"])
