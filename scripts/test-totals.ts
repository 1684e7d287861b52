export type TestTotals = { passed: number; failed: number; skipped: number };

/** The line that ends a test run. */
export function closingLine({ passed, failed, skipped }: TestTotals): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

export function isTestTotals(value: unknown): value is TestTotals {
  return (
    typeof value === "object" &&
    value !== null &&
    ["passed", "failed", "skipped"].every((key) => typeof Reflect.get(value, key) === "number")
  );
}
