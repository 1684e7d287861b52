/** What the engine hides in every sandbox, whatever its policy, and what nobody may write to there. */

/** Paths that would tell of, or lead to, the host; the engine's own list varies by version, so ours is whole. */
export const maskedPaths: readonly string[] = [
  "/dev/mqueue",
  "/proc/acpi",
  "/proc/asound",
  "/proc/config.gz",
  "/proc/cmdline",
  "/proc/interrupts",
  "/proc/iomem",
  "/proc/ioports",
  "/proc/kallsyms",
  "/proc/kcore",
  "/proc/key-users",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/modules",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

export const readonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];
