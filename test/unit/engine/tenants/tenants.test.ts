import { expect, test } from "vitest";
import type { Caller } from "../../../../src/domain/tenant.ts";
import { Admission } from "../../../../src/engine/admission/admission.ts";
import { LimitsOfTenants } from "../../../../src/engine/tenants/limits-of-tenants.ts";
import { Tenants } from "../../../../src/engine/tenants/tenants.ts";
import { MemoryTenantStore } from "../../../support/memory-stores.ts";
import { RecordedAudit } from "../../../support/recorded-audit.ts";
import { someTenantLimits } from "../../../support/tenant-limits.ts";

const callerOf = (role: Caller["role"], tenant = "a"): Caller => ({ role, tenant, keyId: "key_1" });

const setUp = () => {
  const store = new MemoryTenantStore();
  const limits: LimitsOfTenants = new LimitsOfTenants({
    defaults: someTenantLimits(),
    store,
    onChange: (tenant) => admission.recheck(tenant),
  });
  const admission: Admission = new Admission({
    maxRunning: 1,
    maxQueued: 9,
    boundsOf: (tenant) => limits.of(tenant),
  });
  const usage = { of: () => ({ cpuMs: 1500, bytes: 7 }) };
  return {
    store,
    admission,
    tenants: new Tenants({ store, audit: new RecordedAudit(), limits, usage, admission }),
  };
};

test("a tenant is shown with its limits, its usage and what it has", () => {
  const { tenants, admission } = setUp();
  admission.holdSandbox("a");
  expect(tenants.find(callerOf("submitter"), "a")).toEqual({
    name: "a",
    limits: someTenantLimits(),
    usage: { cpuSeconds: 1.5, bytes: 7 },
    running: { sandboxes: 1, queued: 0 },
  });
});

test("a submitter can't tell another's tenant from one that isn't there", () => {
  const { tenants } = setUp();
  tenants.setLimits(callerOf("admin"), "b", someTenantLimits());
  for (const name of ["b", "c", "default", ""]) {
    expect(() => tenants.find(callerOf("submitter"), name), name).toThrow(
      expect.objectContaining({ code: "not_found", message: `There is no tenant ${JSON.stringify(name)}` }),
    );
  }
});

test("an admin sees every tenant that is there, and nobody else a list of them", () => {
  const { tenants, store } = setUp();
  tenants.setLimits(callerOf("admin"), "b", someTenantLimits());
  store.addUsage("c", "2026-11-23", { cpuMs: 1, bytes: 1 });
  expect(tenants.list(callerOf("admin")).map(({ name }) => name)).toEqual(["b", "c", "default"]);
  expect(tenants.find(callerOf("admin"), "c").name).toBe("c");
  expect(() => tenants.find(callerOf("admin"), "d")).toThrow(expect.objectContaining({ code: "not_found" }));
  for (const role of ["submitter", "auditor"] as const) {
    expect(() => tenants.list(callerOf(role))).toThrow(expect.objectContaining({ code: "forbidden" }));
    expect(() => tenants.find(callerOf(role), "c")).toThrow(expect.objectContaining({ code: "not_found" }));
  }
});

test("an admin's limits hold for what waits already", async () => {
  const { tenants, admission } = setUp();
  const admin = callerOf("admin");
  tenants.setLimits(admin, "b", someTenantLimits({ sandboxes: 1 }));
  admission.holdSandbox("b");
  const waiting = admission.enter({ tenant: "b", sandbox: true, signal: new AbortController().signal });
  const changed = tenants.setLimits(admin, "b", someTenantLimits({ sandboxes: 2 }));
  expect(changed).toMatchObject({ limits: { sandboxes: 2 }, running: { sandboxes: 2, queued: 0 } });
  await waiting;
});

test("limits for a tenant of the service's own are refused", () => {
  const { tenants, store } = setUp();
  expect(() => tenants.setLimits(callerOf("admin"), "cloche-proofs", someTenantLimits())).toThrow(
    expect.objectContaining({ code: "invalid_request" }),
  );
  expect(store.limits("cloche-proofs")).toBeUndefined();
});

test.each(["submitter", "auditor"] as const)("a %s sets no limits", (role) => {
  const { tenants } = setUp();
  expect(() => tenants.setLimits(callerOf(role), "a", someTenantLimits())).toThrow(
    expect.objectContaining({ code: "forbidden" }),
  );
});
