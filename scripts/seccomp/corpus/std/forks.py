"""What os offers of processes."""

import os
import signal
import time

pid = os.fork()
if pid == 0:
    os.setsid()
    os.setpgid(0, 0) if os.getpgrp() != os.getpid() else None
    os._exit(3)
descriptor = os.pidfd_open(pid)
print(os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOWAIT))
assert os.waitstatus_to_exitcode(os.wait()[1]) == 3
if os.fork() == 0:
    signal.pause()
    os._exit(0)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)
print(os.waitpid(child, os.WUNTRACED))
os.kill(child, signal.SIGCONT)
print(os.wait3(0), os.getpgid(0), os.getsid(0))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
if os.fork() == 0:
    time.sleep(0.02)
    os.kill(os.getppid(), signal.SIGUSR1)
    os._exit(0)
print(signal.sigwait({signal.SIGUSR1}))
os.set_blocking(0, False)
os.nice(1)
os.setpriority(os.PRIO_PROCESS, 0, 5)
os.sched_setaffinity(0, os.sched_getaffinity(0))
os.sched_yield()
print(os.sched_getscheduler(0), os.sched_getparam(0), os.sched_get_priority_max(os.SCHED_FIFO))
print(os.sched_get_priority_min(os.SCHED_FIFO), os.getresuid(), os.getresgid(), os.getgroups())
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.pause()
print(signal.getitimer(signal.ITIMER_REAL), os.times(), os.getpriority(os.PRIO_PROCESS, 0))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
os.kill(os.getpid(), signal.SIGINT)
assert signal.SIGINT in signal.sigpending()
signal.sigtimedwait({signal.SIGINT}, 1)
timer = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(timer, initial=0.001)
os.read(timer, 8)
os.timerfd_gettime(timer)
event = os.eventfd(0)
os.eventfd_write(event, 1)
os.eventfd_read(event)
os.killpg(os.getpgrp(), signal.SIGCONT)
