# ---
# id: 48
# name: blocked-signals
# title: Sleep forever with every signal blocked
# class: resources
# techniques: [T1499]
# defences: [the wall time kept outside, end by SIGKILL]
# containedBy: [time_limit]
# wallMs: 1000
# control:
#   without: [seccomp, syscall_tier]
# ---
"""A time limit by SIGTERM, SIGALRM or SIGXCPU is a request. The control shows that those are refused here."""
import json
import os
import signal
import sys
import time

polite = {signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in polite:
    os.kill(os.getpid(), number)
while sys.argv[2] == "attempt":
    time.sleep(60)
refused = polite <= signal.sigpending()
print(json.dumps({"reached": refused, "saw": f"lived through {len(polite)} signals"}))
