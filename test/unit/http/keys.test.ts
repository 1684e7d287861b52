import { expect, test } from "vitest";
import { Secret } from "../../../src/domain/secret.ts";
import { createdKeySchema, keySchema, type Role } from "../../../src/domain/tenant.ts";
import { Idempotency } from "../../../src/engine/idempotency.ts";
import { Keys } from "../../../src/engine/tenants/keys.ts";
import { keyRoutes } from "../../../src/http/routes/keys.ts";
import { bareHttpOf } from "../../support/bare-http.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryIdempotencyStore, MemoryKeyStore } from "../../support/memory-stores.ts";
import { RecordedAudit } from "../../support/recorded-audit.ts";

const setUp = (role: Role = "admin") => {
  const fileKey = new Secret("0123456789abcdef");
  const keys = new Keys({
    audit: new RecordedAudit(),
    store: new MemoryKeyStore(),
    clock: new ManualClock(),
    fileKey,
  });
  const app = bareHttpOf(
    { tenant: "default", role, keyId: "file" },
    keyRoutes(keys, new Idempotency(new MemoryIdempotencyStore())),
  );
  const ask = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}) => {
    const headers = { "content-type": "application/json", ...more };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await app.request(path, init);
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { keys, ask };
};

test("a key is made, works, is listed without its secret, and is revoked", async () => {
  const { keys, ask } = setUp();
  const made = await ask("POST", "/v1/keys", { name: "ci", tenant: "t" });
  expect(made.status).toBe(201);
  expect(made.headers.get("cache-control")).toBe("no-store");
  const { secret, ...key } = createdKeySchema.strict().parse(made.body);
  expect(key).toMatchObject({ name: "ci", tenant: "t", role: "submitter", revokedAt: null });
  expect(keys.authenticate(secret ?? "")).toEqual({ tenant: "t", role: "submitter", keyId: key.id });

  expect(await ask("GET", "/v1/keys")).toMatchObject({ status: 200, body: { items: [key] } });
  const revoked = await ask("DELETE", `/v1/keys/${key.id}`);
  expect(revoked.status).toBe(200);
  expect(keySchema.strict().parse(revoked.body).revokedAt).not.toBeNull();
  expect(keys.authenticate(secret ?? "")).toBeUndefined();
  expect((await ask("GET", "/v1/keys")).body).toEqual({ items: [revoked.body] });
});

test("the same Idempotency-Key again leads to the same key, and its secret is not shown again", async () => {
  const { keys, ask } = setUp();
  const once = { "idempotency-key": "make-ci" };
  const first = await ask("POST", "/v1/keys", { name: "ci" }, once);
  const again = await ask("POST", "/v1/keys", { name: "ci" }, once);
  const { secret, ...key } = createdKeySchema.parse(first.body);
  expect(secret).toMatch(/^clo_/);
  expect(again).toMatchObject({ status: 201, body: key });
  expect(again.body).not.toHaveProperty("secret");
  expect(keys.list({ tenant: "default", role: "admin", keyId: "file" })).toHaveLength(1);
  expect((await ask("POST", "/v1/keys", { name: "other" }, once)).status).toBe(409);
});

test.each([
  [{}, "name"],
  [{ name: "" }, "name"],
  [{ name: "\u001b[31mred" }, "name"],
  [{ name: "x", tenant: "../up" }, "tenant"],
  [{ name: "x", tenant: "" }, "tenant"],
  [{ name: "x", tenant: "cloche-proofs-alice" }, "tenant"],
  [{ name: "x", role: "root" }, "role"],
  [{ name: "x", secret: "mine" }, "secret"],
])("%j gets 400 that names %s", async (body, field) => {
  expect(await setUp().ask("POST", "/v1/keys", body)).toMatchObject({
    status: 400,
    body: { code: "invalid_request", issues: [{ field }] },
  });
});

test("an unknown key is not found", async () => {
  expect((await setUp().ask("DELETE", "/v1/keys/file")).status).toBe(404);
});

test.each(["submitter", "auditor"] as const)("a %s gets 403 for all of it", async (role) => {
  const { ask } = setUp(role);
  const answers = await Promise.all([
    ask("POST", "/v1/keys", { name: "x" }),
    ask("GET", "/v1/keys"),
    ask("DELETE", "/v1/keys/key_1"),
  ]);
  for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: "forbidden" } });
});
