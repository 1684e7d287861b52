import { expect, test } from "vitest";
import { claimInstance } from "../../../src/store/instance.ts";
import { aFolder } from "./a-store.ts";

test("a state folder belongs to one process at a time and keeps its id", () => {
  const folder = aFolder();
  const first = claimInstance(folder);
  expect(() => claimInstance(folder)).toThrow("Another Cloche is running");
  first.release();
  const second = claimInstance(folder);
  expect(second.id).toBe(first.id);
  second.release();
});
