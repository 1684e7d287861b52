import type { Clock } from "./ports/clock.ts";

/**
 * Does the work every `ms`, counted from the end of the last time, until the returned function is
 * called. A failure is reported and doesn't stop it.
 */
export const repeat = (
  clock: Clock,
  ms: number,
  work: () => void | Promise<void>,
  onFault: (error: unknown) => void,
): (() => void) => {
  let stopped = false;
  let cancel = () => {};
  const again = () => {
    cancel = clock.after(ms, () => void once());
  };
  const once = async () => {
    try {
      await work();
    } catch (error) {
      onFault(error);
    }
    if (!stopped) again();
  };
  again();
  return () => {
    stopped = true;
    cancel();
  };
};
