"""Signals of a program to itself."""

import faulthandler
import os
import signal
import time

got = []
for number in (signal.SIGUSR1, signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: got.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
signal.raise_signal(signal.SIGTERM)
signal.alarm(5)
signal.alarm(0)
signal.setitimer(signal.ITIMER_REAL, 0.001)
while signal.SIGALRM not in got:
    time.sleep(0.01)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
os.kill(os.getpid(), signal.SIGINT)
signal.siginterrupt(signal.SIGUSR1, False)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
faulthandler.enable()
faulthandler.disable()
print(got)
