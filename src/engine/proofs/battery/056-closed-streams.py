# ---
# id: 56
# name: closed-streams
# title: Close the three streams, or put something else in their place
# class: resources
# techniques: [T1562, T1036]
# defences: [the launcher's own ends of the pipes]
# control:
#   without: [syscall_tier]
# ---
"""Who waits for the end of a stream, or for a line, is fooled by one that is closed early. If this line arrives
and the run ends by itself, it was not. The control shows that the streams were closed.
"""
import errno
import json
import os
import sys

try:
    os.fork() or os._exit(0)
    os.wait()
except PermissionError:
    print(json.dumps({"reached": False, "saw": "a policy of a single process: no other can be started"}))
    sys.exit()


kept = os.dup(1)
os.closerange(0, 3)
try:
    os.write(1, b"lost")
    closed = False
except OSError as error:
    closed = error.errno == errno.EBADF
null = os.open("/dev/null", os.O_RDWR)
os.dup2(null, 1)
os.dup2(null, 2)
child = os.fork()
if child == 0:
    # Ends with nothing open at all.
    os.closerange(0, 1024)
    os._exit(0)
os.waitpid(child, 0)
os.dup2(kept, 1)
reached = closed and sys.argv[2] == "control"
os.write(1, json.dumps({"reached": reached, "saw": f"closed: {closed}; put back and read all the same"}).encode())
