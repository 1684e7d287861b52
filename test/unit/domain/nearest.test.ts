import { expect, test } from "vitest";
import { nearest } from "../../../src/domain/nearest.ts";

const known = ["connect", "close", "bind", "ptrace"];

test.each([
  ["conect", "connect"],
  ["ptrase", "ptrace"],
  ["biind", "bind"],
  ["close", "close"],
  ["frobnicate", undefined],
  ["", undefined],
])("of %j the nearest is %j", (name, meant) => {
  expect(nearest(name, known)).toBe(meant);
});
