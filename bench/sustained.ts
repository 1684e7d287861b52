import { stopwatch } from "./stopwatch.ts";

export interface Load {
  total: number;
  clients: number;
  signal: AbortSignal;
  onDone(): void;
}

export interface Sustained {
  wallMs: number;
  /** Of each job alone. */
  jobMs: number[];
}

/** Does a job `total` times, `clients` of them at a time, with no pause between. */
export async function sustain(
  job: () => Promise<unknown>,
  { total, clients, signal, onDone }: Load,
): Promise<Sustained> {
  const elapsed = stopwatch();
  const jobMs: number[] = [];
  let left = total;
  const work = async () => {
    while (left > 0) {
      signal.throwIfAborted();
      left -= 1;
      const elapsedJob = stopwatch();
      await job();
      jobMs.push(elapsedJob());
      onDone();
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return { wallMs: elapsed(), jobMs };
}
