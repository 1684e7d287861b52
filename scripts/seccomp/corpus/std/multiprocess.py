"""Processes of Python: forked, spawned, served, with shared memory between them."""

import concurrent.futures
import multiprocessing
import multiprocessing.shared_memory
import os


def square(number):
    return number * number


def put(queue, value):
    queue.put(os.getpid())
    with value.get_lock():
        value.value += 1


if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        queue, value = context.Queue(), context.Value("i", 0)
        process = context.Process(target=put, args=(queue, value))
        process.start()
        queue.get()
        process.join()
        assert value.value == 1
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(square, range(4)) == [0, 1, 4, 9]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        assert list(pool.map(square, range(3))) == [0, 1, 4]
    with multiprocessing.Manager() as manager:
        shared = manager.dict(a=1)
        assert shared["a"] == 1
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
    memory.buf[0] = 1
    memory.close()
    memory.unlink()
    near, far = multiprocessing.Pipe()
    near.send([1])
    assert far.poll(1) and far.recv() == [1]
