import { expect, test } from "vitest";
import { trendOf } from "../../../../scripts/soak/trend.ts";

const samplesOf = (seconds: number, valueAt: (second: number) => number) =>
  Array.from({ length: seconds }, (_, second) => {
    const value = valueAt(second);
    return { atMs: second * 1000, liveMiB: value, residentMiB: value, descriptors: value };
  });

test("what grows while it warms up and then stays is flat", () => {
  const samples = samplesOf(200, (second) => 100 + Math.min(second, 45));
  expect(trendOf(samples, "liveMiB", 4)).toMatchObject({ start: 100, end: 145, flat: true });
});

test("what goes up and down around one value is flat", () => {
  const samples = samplesOf(200, (second) => 100 + (second % 7) * 3);
  expect(trendOf(samples, "residentMiB", 4).flat).toBe(true);
});

test("what grows slowly and for ever is not flat, and says by how much", () => {
  const samples = samplesOf(200, (second) => 100 + second * 0.1 + (second % 7) * 3);
  const { growth, flat } = trendOf(samples, "liveMiB", 4);
  expect(flat).toBe(false);
  expect(growth).toBeGreaterThan(14);
  expect(growth).toBeLessThan(17);
});

test("what becomes less is flat", () => {
  expect(
    trendOf(
      samplesOf(200, (second) => 100 - second * 0.1),
      "descriptors",
      4,
    ).flat,
  ).toBe(true);
});

test("a life that is too short says nothing", () => {
  expect(
    trendOf(
      samplesOf(60, (second) => second),
      "liveMiB",
      4,
    ),
  ).toMatchObject({ growth: Number.NaN, flat: true });
});
