/** Returns a function that tells the milliseconds since. */
export const stopwatch = (): (() => number) => {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
};
