# needs: matplotlib
"""Pictures, without a screen."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

figure, axes = plt.subplots(2)
axes[0].plot([1, 2, 3], label="a")
axes[0].legend()
axes[1].hist([1, 1, 2])
for kind in ("png", "svg", "pdf"):
    figure.savefig(f"f.{kind}")
