import { describe, expect, test } from "vitest";
import { newCohortSchema } from "../../../src/domain/cohort.ts";
import { newSessionSchema, sessionChangeSchema, sessionResetSchema } from "../../../src/domain/session.ts";

/** Where the first thing is wrong. */
const wrongIn = (result: {
  error?: { issues: { path: PropertyKey[]; code?: string; keys?: string[] }[] } | undefined;
}) => {
  const issue = result.error?.issues[0];
  return issue && [...issue.path, ...(issue.keys ?? [])].join(".");
};

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, ""]));

describe("a new session", () => {
  test("needs nothing to be said", () => {
    expect(newSessionSchema.parse({})).toEqual({
      policy: "default",
      ttlMs: 3_600_000,
      idleMs: 900_000,
      env: {},
      files: {},
      metadata: {},
    });
  });

  test.each([
    [{ ttlMs: 999 }, "ttlMs"],
    [{ ttlMs: 7 * 86_400_000 + 1 }, "ttlMs"],
    [{ idleMs: 1.5 }, "idleMs"],
    [{ idleMs: "1000" }, "idleMs"],
    [{ seed: -1 }, "seed"],
    [{ env: { "A=B": "" } }, "env.A=B"],
    [{ env: { A: "\u0000" } }, "env.A"],
    [{ files: { "../a": "" } }, "files.../a"],
    [{ metadata: { "a b": "" } }, "metadata.a b"],
    [{ metadata: { a: "x".repeat(513) } }, "metadata.a"],
    [{ metadata: many(33) }, "metadata"],
    [{ code: "1" }, "code"],
  ])("%j is refused in %s", (body, field) => {
    expect(wrongIn(newSessionSchema.safeParse(body))).toBe(field);
  });
});

test.each([
  [{ ttlMs: 0 }, "ttlMs"],
  [{ seed: 1 }, "seed"],
  [{ state: "ended" }, "state"],
  [{ metadata: null }, "metadata"],
])("the change %j is refused in %s", (body, field) => {
  expect(wrongIn(sessionChangeSchema.safeParse(body))).toBe(field);
});

test("a reset brings files and a seed, and nothing else", () => {
  expect(sessionResetSchema.parse({})).toEqual({ files: {} });
  expect(wrongIn(sessionResetSchema.safeParse({ env: {} }))).toBe("env");
});

describe("a cohort", () => {
  test("has a size, a spec and a deadline", () => {
    expect(newCohortSchema.parse({ size: 2, session: {} })).toMatchObject({ size: 2, deadlineMs: 60_000 });
  });

  test.each([
    [{ session: {} }, "size"],
    [{ size: 0, session: {} }, "size"],
    [{ size: 257, session: {} }, "size"],
    [{ size: 2 }, "session"],
    [{ size: 2, session: { ttlMs: 1 } }, "session.ttlMs"],
    [{ size: 2, session: {}, deadlineMs: 99 }, "deadlineMs"],
    [{ size: 2, session: {}, count: 2 }, "count"],
  ])("%j is refused in %s", (body, field) => {
    expect(wrongIn(newCohortSchema.safeParse(body))).toBe(field);
  });
});
