import { expect, test } from "vitest";
import { type Caller, tenantSchema } from "../../../src/domain/tenant.ts";
import { LimitsOfTenants } from "../../../src/engine/tenants/limits-of-tenants.ts";
import { Tenants } from "../../../src/engine/tenants/tenants.ts";
import { tenantRoutes } from "../../../src/http/routes/tenants.ts";
import { bareHttpOf } from "../../support/bare-http.ts";
import { MemoryTenantStore } from "../../support/memory-stores.ts";
import { RecordedAudit } from "../../support/recorded-audit.ts";
import { someTenantLimits } from "../../support/tenant-limits.ts";

const setUp = () => {
  const store = new MemoryTenantStore();
  const limits = new LimitsOfTenants({ defaults: someTenantLimits(), store, onChange: () => {} });
  const usage = { of: () => ({ cpuMs: 1500, bytes: 7 }) };
  const admission = { of: () => ({ sandboxes: 1, queued: 2 }) };
  const tenants = new Tenants({ store, audit: new RecordedAudit(), limits, usage, admission });
  const askAs = async (role: Caller["role"], method: string, path: string, body?: unknown) => {
    const app = bareHttpOf({ tenant: "a", role, keyId: "key_1" }, tenantRoutes(tenants));
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await app.request(path, init);
    return { status: response.status, body: await response.json() };
  };
  return askAs;
};

test("an admin sets a tenant's limits, and the tenant reads them", async () => {
  const askAs = setUp();
  const limits = someTenantLimits({ sandboxes: 3, cpuSecondsPerDay: 60 });
  const set = await askAs("admin", "PUT", "/v1/tenants/a/limits", limits);
  expect(set.status).toBe(200);
  const read = await askAs("submitter", "GET", "/v1/tenants/a");
  expect(read).toEqual({ status: 200, body: set.body });
  expect(tenantSchema.strict().parse(read.body)).toEqual({
    name: "a",
    limits,
    usage: { cpuSeconds: 1.5, bytes: 7 },
    running: { sandboxes: 1, queued: 2 },
  });
  const list = await askAs("admin", "GET", "/v1/tenants");
  expect(list).toMatchObject({ status: 200, body: { items: [{ name: "a" }, { name: "default" }] } });
});

test.each([
  ["/v1/tenants/a/limits", { ...someTenantLimits(), queued: undefined }, "queued"],
  ["/v1/tenants/a/limits", { ...someTenantLimits(), sandboxes: -1 }, "sandboxes"],
  ["/v1/tenants/a/limits", { ...someTenantLimits(), requestsPerMinute: 0 }, "requestsPerMinute"],
  ["/v1/tenants/a/limits", { ...someTenantLimits(), gpus: 1 }, "gpus"],
  ["/v1/tenants/A%2F..%2Fb/limits", someTenantLimits(), "name"],
  ["/v1/tenants/cloche-proofs/limits", someTenantLimits(), "name"],
])("%s with %j gets 400 that names %s", async (path, body, field) => {
  expect(await setUp()("admin", "PUT", path, body)).toMatchObject({
    status: 400,
    body: { issues: [{ field }] },
  });
});

test("a submitter doesn't learn of others", async () => {
  const askAs = setUp();
  await askAs("admin", "PUT", "/v1/tenants/b/limits", someTenantLimits());
  expect((await askAs("submitter", "GET", "/v1/tenants/b")).status).toBe(404);
  expect((await askAs("submitter", "GET", "/v1/tenants")).status).toBe(403);
  const set = await askAs("submitter", "PUT", "/v1/tenants/a/limits", someTenantLimits());
  expect(set).toMatchObject({ status: 403, body: { code: "forbidden" } });
});
