/** Bounds on waiting, by the service's clock. */
import type { Clock } from "../engine/ports/clock.ts";

/** Rejects with `late` when the promise hasn't settled after `ms`. */
export const within = async <T>(clock: Clock, ms: number, promise: Promise<T>, late: string): Promise<T> => {
  let stop = () => {};
  const passed = new Promise<never>((_, reject) => {
    stop = clock.after(ms, () => reject(new Error(late)));
  });
  try {
    return await Promise.race([promise, passed]);
  } finally {
    stop();
  }
};

export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });
