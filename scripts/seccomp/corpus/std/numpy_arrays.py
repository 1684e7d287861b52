# needs: numpy
"""Arrays, and the threads of their linear algebra."""

import numpy as np

a = np.random.default_rng(1).random((300, 300))
print(np.linalg.inv(a @ a.T + np.eye(300)).sum(), np.fft.fft(a).shape, np.linalg.svd(a)[1][0])
np.save("a.npy", a)
mapped = np.load("a.npy", mmap_mode="r+")
mapped[0, 0] = 1
mapped.flush()
np.savez_compressed("b", a=a)
print(np.load("b.npz")["a"].shape, np.show_config())
