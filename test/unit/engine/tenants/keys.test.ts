import { expect, test } from "vitest";
import { Secret } from "../../../../src/domain/secret.ts";
import type { Caller } from "../../../../src/domain/tenant.ts";
import { Keys } from "../../../../src/engine/tenants/keys.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { MemoryKeyStore } from "../../../support/memory-stores.ts";
import { RecordedAudit } from "../../../support/recorded-audit.ts";

const admin: Caller = { tenant: "default", role: "admin", keyId: "file" };
const FILE_KEY = "any text of 16 characters";

const setUp = () => {
  const store = new MemoryKeyStore();
  const clock = new ManualClock();
  const audit = new RecordedAudit();
  return {
    store,
    clock,
    audit,
    keys: new Keys({ audit, store, clock, fileKey: new Secret(FILE_KEY) }),
  };
};

test("a key lets in its tenant with its role, and only its hash is kept", () => {
  const { keys, store } = setUp();
  const { key, secret } = keys.create(admin, { name: "ci", tenant: "t", role: "submitter" });
  const text = secret.reveal();
  expect(text).toMatch(/^clo_[0-9a-f]{32}_[\w-]{43}$/);
  expect(key.id).toBe(`key_${text.split("_")[1]}`);
  expect(keys.authenticate(text)).toEqual({ tenant: "t", role: "submitter", keyId: key.id });
  const found = store.find(key.id);
  expect(found?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.stringify(found)).not.toContain(text.slice(-43));
  expect(JSON.stringify(keys.list(admin))).not.toContain(found?.hash);
});

test("without a tenant a key is for its maker's own", () => {
  const { keys } = setUp();
  const caller = { ...admin, tenant: "mine" };
  expect(keys.create(caller, { name: "x", role: "auditor" }).key).toMatchObject({
    tenant: "mine",
    role: "auditor",
  });
});

test("a key for a tenant of the service's own is refused, and nothing is kept or on record of it", () => {
  const { keys, audit } = setUp();
  expect(() => keys.create(admin, { name: "x", tenant: "cloche-proofs-alice", role: "admin" })).toThrow(
    expect.objectContaining({ code: "invalid_request" }),
  );
  expect(keys.list(admin)).toEqual([]);
  expect(audit.of("key.created")).toEqual([]);
});

test("the service's own key is an admin of the default tenant, and can't be revoked", () => {
  const { keys } = setUp();
  expect(keys.authenticate(FILE_KEY)).toEqual(admin);
  expect(() => keys.revoke(admin, "file")).toThrow("There is no key");
});

test("a text that is nobody's key is refused", () => {
  const { keys } = setUp();
  const text = keys.create(admin, { name: "x", role: "admin" }).secret.reveal();
  const other = keys.create(admin, { name: "y", role: "admin" }).secret.reveal();
  const mixed = text.slice(0, -43) + other.slice(-43);
  const unknown = text.replace(/_[0-9a-f]{4}/, "_ffff");
  const last = text.at(-1) === "A" ? "B" : "A";
  for (const wrong of [
    "",
    "clo_",
    mixed,
    unknown,
    `${text}x`,
    text.slice(0, -1) + last,
    ` ${text}`,
    FILE_KEY.slice(1),
  ]) {
    expect(keys.authenticate(wrong), wrong).toBeUndefined();
  }
});

test("a revoked key is refused from then on, and stays in the list", async () => {
  const { keys, clock } = setUp();
  const { key, secret } = keys.create(admin, { name: "x", role: "submitter" });
  await clock.advance(1000);
  const revoked = keys.revoke(admin, key.id);
  expect(revoked).toEqual({ ...key, revokedAt: new Date(clock.now()).toISOString() });
  expect(keys.authenticate(secret.reveal())).toBeUndefined();
  await clock.advance(1000);
  expect(keys.revoke(admin, key.id)).toEqual(revoked);
  expect(keys.list(admin)).toEqual([revoked]);
});

test("a hash of another length in the store lets nobody in", () => {
  const { keys, store } = setUp();
  const { key, secret } = keys.create(admin, { name: "x", role: "admin" });
  store.save(key, "");
  expect(keys.authenticate(secret.reveal())).toBeUndefined();
});

test("a key that can't be stored is not given out", () => {
  const { keys, store } = setUp();
  store.full = true;
  expect(() => keys.create(admin, { name: "x", role: "admin" })).toThrow(
    expect.objectContaining({ code: "store_unavailable" }),
  );
});

test.each(["submitter", "auditor"] as const)("a %s makes, lists and revokes none", (role) => {
  const { keys } = setUp();
  const { key } = keys.create(admin, { name: "x", tenant: "t", role });
  const caller = { tenant: "t", role, keyId: key.id };
  const forbidden = expect.objectContaining({ code: "forbidden", message: expect.stringContaining(role) });
  expect(() => keys.create(caller, { name: "y", role })).toThrow(forbidden);
  expect(() => keys.list(caller)).toThrow(forbidden);
  expect(() => keys.revoke(caller, key.id)).toThrow(forbidden);
  expect(() => keys.revoke(caller, "key_unknown")).toThrow(forbidden);
});

test("a lent key opens the door until it is given back, and no list has it", () => {
  const { keys } = setUp();
  const lent = keys.lend({ tenant: "t", role: "submitter" });
  const text = lent.secret.reveal();
  expect(keys.authenticate(text)).toEqual({ tenant: "t", role: "submitter", keyId: "lent" });
  expect(keys.list(admin)).toEqual([]);
  lent[Symbol.dispose]();
  expect(keys.authenticate(text)).toBeUndefined();
});
