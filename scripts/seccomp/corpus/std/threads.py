"""Threads, and what they wait for."""

import concurrent.futures
import contextvars
import queue
import threading
import time

lock = threading.Lock()
ready = threading.Event()
items = queue.Queue()


def work(number):
    with lock:
        items.put(number)
    ready.wait(0.01)
    time.sleep(0.001)


threads = [threading.Thread(target=work, args=(n,), name=f"worker {n}") for n in range(8)]
for thread in threads:
    thread.start()
ready.set()
for thread in threads:
    thread.join()
assert sorted(items.get_nowait() for _ in range(8)) == list(range(8))
barrier = threading.Barrier(2, timeout=5)
other = threading.Thread(target=barrier.wait)
other.start()
barrier.wait()
other.join()
timer = threading.Timer(0.001, print, ["timer"])
timer.start()
timer.join()
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-4, 0))) == [4, 3, 2, 1]
print(threading.get_native_id(), contextvars.copy_context())
threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
