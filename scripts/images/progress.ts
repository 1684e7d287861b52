/** Receives one short line at a time; the caller decides where it shows. */
export type Log = (line: string) => void;

const heartbeatMs = 5_000;

/** Announces a step and, while it lasts, says every five seconds that it is still going on. */
export async function withProgress<T>(log: Log, label: string, work: () => Promise<T>): Promise<T> {
  log(label);
  const startedAt = Date.now();
  const heartbeat = setInterval(() => {
    log(`${label}: ${Math.round((Date.now() - startedAt) / 1000)} s`);
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
  }
}
