import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TenantLimits } from "../../../src/domain/tenant.ts";
import { aFolder, aStore } from "./a-store.ts";
import { NOW } from "./records.ts";

const limits: TenantLimits = {
  sandboxes: 1,
  queued: 2,
  requestsPerMinute: 3,
  cpuSecondsPerDay: null,
  bytesPerDay: 5,
};

describe("limits", () => {
  test("are those that were set last", () => {
    const { tenants } = aStore();
    expect(tenants.limits("t")).toBeUndefined();
    tenants.setLimits("t", limits);
    tenants.setLimits("t", { ...limits, sandboxes: 9 });
    expect(tenants.limits("t")).toEqual({ ...limits, sandboxes: 9 });
    expect(tenants.limits("other")).toBeUndefined();
  });

  test.each([["no JSON"], ["{}"], [JSON.stringify({ ...limits, more: 1 })]])(
    "that are stored as %s are an error, never no limits",
    (body) => {
      const file = join(aFolder(), "cloche.db");
      const { tenants } = aStore({ file });
      tenants.setLimits("t", limits);
      const database = new DatabaseSync(file);
      database.prepare("UPDATE limits SET body = ?").run(body);
      database.close();
      expect(() => tenants.limits("t")).toThrow();
    },
  );
});

describe("usage", () => {
  test("adds up over a day, for each tenant", () => {
    const used = fc.record({
      cpuMs: fc.integer({ min: 0, max: 1e9 }),
      bytes: fc.integer({ min: 0, max: 1e12 }),
    });
    fc.assert(
      fc.property(fc.array(used, { maxLength: 9 }), (parts) => {
        const { tenants } = aStore({ file: ":memory:" });
        tenants.addUsage("t", "2026-11-22", { cpuMs: 1, bytes: 1 });
        tenants.addUsage("other", "2026-11-23", { cpuMs: 1, bytes: 1 });
        for (const part of parts) tenants.addUsage("t", "2026-11-23", part);
        expect(tenants.usage("t", "2026-11-23")).toEqual({
          cpuMs: parts.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
          bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
        });
      }),
      { numRuns: 20 },
    );
  });

  test("has parts of milliseconds", () => {
    const { tenants } = aStore();
    for (const cpuMs of [0.25, 0.5]) tenants.addUsage("t", "2026-11-23", { cpuMs, bytes: 0 });
    expect(tenants.usage("t", "2026-11-23")).toEqual({ cpuMs: 0.75, bytes: 0 });
  });

  test("of days that are over goes", () => {
    const { tenants } = aStore();
    for (const day of ["2026-10-31", "2026-11-22", "2026-11-23"]) {
      tenants.addUsage("t", day, { cpuMs: 1, bytes: 1 });
    }
    expect(tenants.prune("2026-11-23")).toBe(2);
    expect(tenants.usage("t", "2026-11-22")).toEqual({ cpuMs: 0, bytes: 0 });
    expect(tenants.usage("t", "2026-11-23")).toEqual({ cpuMs: 1, bytes: 1 });
  });
});

test("tenants are whoever has keys, limits or usage, each once", () => {
  const { tenants, keys } = aStore();
  const createdAt = new Date(NOW).toISOString();
  keys.save({ id: "key_1", name: "n", tenant: "c", role: "admin", createdAt, revokedAt: null }, "hash");
  tenants.setLimits("b", limits);
  tenants.setLimits("c", limits);
  tenants.addUsage("a", "2026-11-23", { cpuMs: 1, bytes: 1 });
  expect(tenants.tenants()).toEqual(["a", "b", "c"]);
});
