"""Much memory, little memory, and what the collector does."""

import array
import ctypes
import gc
import mmap
import sys
import tracemalloc
import weakref


class Node:
    pass


big = bytearray(64 << 20)
big.extend(b"x" * (1 << 20))
del big
many = [Node() for _ in range(200_000)]
for one, other in zip(many, many[1:]):
    one.next = other
many[-1].next = many[0]
gone = weakref.ref(many[0])
del many, one, other
gc.collect()
assert gone() is None
tracemalloc.start()
[bytes(1000) for _ in range(1000)]
tracemalloc.stop()
array.array("d", range(100_000))
anonymous = mmap.mmap(-1, 1 << 20)
anonymous.resize(2 << 20)
anonymous.madvise(mmap.MADV_DONTNEED)
anonymous.flush()
anonymous.close()
try:
    bytearray(1 << 46)
except MemoryError:
    print("as expected")
libc = ctypes.CDLL(None)
print(libc.abs(-1), ctypes.create_string_buffer(10), sys.getsizeof([]))
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)
assert callback(1) == 2
