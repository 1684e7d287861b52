import { stopwatch } from "./stopwatch.ts";

export interface Sustained {
  wallMs: number;
  /** Of each job alone. */
  jobMs: number[];
}

/** Does a job `total` times, `clients` of them at a time, with no pause between. */
export async function sustain(
  job: () => Promise<unknown>,
  { total, clients }: { total: number; clients: number },
): Promise<Sustained> {
  const elapsed = stopwatch();
  const jobMs: number[] = [];
  let left = total;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const elapsedJob = stopwatch();
      await job();
      jobMs.push(elapsedJob());
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return { wallMs: elapsed(), jobMs };
}
