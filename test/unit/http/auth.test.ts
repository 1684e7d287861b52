import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/domain/secret.ts";
import type { Role } from "../../../src/domain/tenant.ts";
import { Keys } from "../../../src/engine/tenants/keys.ts";
import { authenticate, requireRole } from "../../../src/http/auth.ts";
import { refuseChanging } from "../../../src/http/reading.ts";
import { bareHttp } from "../../support/bare-http.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryKeyStore } from "../../support/memory-stores.ts";
import { RecordedAudit } from "../../support/recorded-audit.ts";

const FILE_KEY = "clo_0123456789abcdef";
const admin = { tenant: "default", role: "admin", keyId: "file" } as const;

const setUp = ({ auth = true } = {}) => {
  const fileKey = new Secret(FILE_KEY);
  const keys = new Keys({
    audit: new RecordedAudit(),
    store: new MemoryKeyStore(),
    clock: new ManualClock(),
    fileKey,
  });
  const app = bareHttp();
  app.use(authenticate(auth ? keys : undefined));
  app.use(refuseChanging);
  app.all("/anyone", (context) => context.json(context.get("caller")));
  app.all("/v1/*", (context) => context.json({}));
  app.all("/admins", (context) => context.json(requireRole(context, "admin")));
  const ask = async (path: string, authorization?: string, method = "GET") => {
    const response = await app.request(path, { method, headers: authorization ? { authorization } : {} });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const bearerOf = (role: Role) =>
    `Bearer ${keys.create(admin, { name: "x", tenant: "t", role }).secret.reveal()}`;
  return { keys, ask, bearerOf };
};

describe("authentication", () => {
  test.each([
    [undefined],
    ["Basic abc"],
    [FILE_KEY],
    [`Bearer ${FILE_KEY}x`],
    [`Bearer ${FILE_KEY.slice(1)}`],
    [`Bearer ${FILE_KEY} ${FILE_KEY}`],
    ["Bearer "],
    [`Bearer clo_${"0".repeat(32)}_${"A".repeat(43)}`],
  ])("%s is refused", async (authorization) => {
    const { status, headers, body } = await setUp().ask("/anyone", authorization);
    expect(status).toBe(401);
    expect(headers.get("www-authenticate")).toContain("Bearer");
    expect(body).toMatchObject({ code: "unauthenticated" });
    expect(JSON.stringify(body)).not.toContain(FILE_KEY.slice(4));
  });

  test("the service's key and a tenant's key say whose a request is", async () => {
    const { ask, bearerOf } = setUp();
    expect(await ask("/anyone", `Bearer ${FILE_KEY}`)).toMatchObject({ status: 200, body: admin });
    const caller = { tenant: "t", role: "submitter", keyId: expect.stringMatching(/^key_/) };
    expect(await ask("/anyone", bearerOf("submitter"))).toMatchObject({ status: 200, body: caller });
  });

  test("a revoked key is refused", async () => {
    const { keys, ask } = setUp();
    const { key, secret } = keys.create(admin, { name: "x", role: "admin" });
    keys.revoke(admin, key.id);
    expect((await ask("/anyone", `Bearer ${secret.reveal()}`)).status).toBe(401);
  });

  test("where no key is asked for, every request is a local admin's", async () => {
    const { ask } = setUp({ auth: false });
    expect((await ask("/admins")).body).toEqual({ ...admin, keyId: "local" });
  });
});

describe("roles", () => {
  test.each(["POST", "PUT", "PATCH", "DELETE"])(
    "an auditor may not %s, whatever the route says",
    async (method) => {
      const { ask, bearerOf } = setUp();
      expect(await ask("/anyone", bearerOf("auditor"), method)).toMatchObject({
        status: 403,
        body: { code: "forbidden", detail: expect.stringContaining("this key's role is auditor") },
      });
      expect((await ask("/anyone", bearerOf("submitter"), method)).status).toBe(200);
    },
  );

  test.each([
    ["POST", "/v1/proofs"],
    ["POST", "/v1/proofs/prf_1/cancel"],
    ["POST", "/v1/posture/checks"],
    ["POST", "/v1/keys"],
    ["DELETE", "/v1/keys/key_1"],
    ["PUT", "/v1/tenants/t/limits"],
  ])("%s %s: whoever is refused hears that it takes an admin", async (method, path) => {
    const { ask, bearerOf } = setUp();
    for (const role of ["auditor", "submitter"] as const) {
      const detail = `This needs a key with the role admin; this key's role is ${role}`;
      expect(await ask(path, bearerOf(role), method)).toMatchObject({ status: 403, body: { detail } });
    }
    expect((await ask(path, bearerOf("admin"), method)).status).toBe(200);
  });

  test("what submitters change is named as theirs, too", async () => {
    const { ask, bearerOf } = setUp();
    const { body } = await ask("/v1/executions", bearerOf("auditor"), "POST");
    expect(body).toMatchObject({ detail: expect.stringContaining("the role submitter or admin;") });
    expect((await ask("/v1/executions", bearerOf("submitter"), "POST")).status).toBe(200);
  });

  test("an auditor reads", async () => {
    const { ask, bearerOf } = setUp();
    expect((await ask("/anyone", bearerOf("auditor"))).status).toBe(200);
  });

  test("a role that is asked for lets in nobody else", async () => {
    const { ask, bearerOf } = setUp();
    expect((await ask("/admins", bearerOf("admin"))).status).toBe(200);
    for (const role of ["submitter", "auditor"] as const) {
      expect(await ask("/admins", bearerOf(role))).toMatchObject({
        status: 403,
        body: { code: "forbidden" },
      });
    }
  });
});
