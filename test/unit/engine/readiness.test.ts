import { expect, test } from "vitest";
import { ServiceError } from "../../../src/domain/errors.ts";
import { askReadiness } from "../../../src/engine/readiness.ts";

test("each part is asked; it is ready when all are, and what they have to say is told", async () => {
  const ready = await askReadiness({ engine: async () => "ok; it was away", store: () => {} }, []);
  expect(ready).toEqual({
    ready: true,
    checks: [
      { name: "engine", ok: true, detail: "ok; it was away" },
      { name: "store", ok: true, detail: "ok" },
    ],
    pools: [],
  });
});

test("what was not meant to be shown is not shown", async () => {
  const checks = await askReadiness(
    {
      engine: () => Promise.reject(new ServiceError("runtime_unavailable", "the engine does not answer")),
      store: () => {
        throw new Error("ENOENT /var/lib/secret");
      },
      pool: () => undefined,
    },
    [],
  );
  expect(checks.ready).toBe(false);
  expect(checks.checks.map(({ ok, detail }) => [ok, detail])).toEqual([
    [false, "the engine does not answer"],
    [false, "it failed; see the log"],
    [true, "ok"],
  ]);
});
