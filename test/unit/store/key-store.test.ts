import { describe, expect, test } from "vitest";
import type { Key } from "../../../src/domain/tenant.ts";
import { aStore } from "./a-store.ts";
import { NOW } from "./records.ts";

const aKey = (id: string, change: Partial<Key> = {}): Key => ({
  id,
  name: "for tests",
  tenant: "t",
  role: "submitter",
  createdAt: new Date(NOW).toISOString(),
  revokedAt: null,
  ...change,
});

const later = new Date(NOW + 1000).toISOString();

describe("keys", () => {
  test("are found with their hash, and listed without", () => {
    const { keys } = aStore();
    keys.save(aKey("key_1"), "hash");
    expect(keys.find("key_1")).toEqual({ key: aKey("key_1"), hash: "hash" });
    expect(keys.find("key_2")).toBeUndefined();
    expect(keys.list("t")).toEqual([aKey("key_1")]);
  });

  test("are listed newest first, of one tenant or of all", () => {
    const { keys } = aStore();
    keys.save(aKey("key_2"), "2");
    keys.save(aKey("key_1"), "1");
    keys.save(aKey("key_0", { tenant: "other", createdAt: later }), "0");
    expect(keys.list("t").map(({ id }) => id)).toEqual(["key_2", "key_1"]);
    expect(keys.list(undefined).map(({ id }) => id)).toEqual(["key_0", "key_2", "key_1"]);
  });

  test("stay revoked, from the first time on, and are listed still", () => {
    const { keys } = aStore();
    keys.save(aKey("key_1"), "hash");
    keys.revoke("key_1", later);
    keys.revoke("key_1", new Date(NOW + 5000).toISOString());
    const revoked = aKey("key_1", { revokedAt: later });
    expect(keys.find("key_1")?.key).toEqual(revoked);
    expect(keys.list("t")).toEqual([revoked]);
    expect(() => keys.save(aKey("key_1"), "hash")).toThrow("can't be used");
    expect(keys.find("key_1")?.key).toEqual(revoked);
  });
});
