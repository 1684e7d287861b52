import { expect, test } from "vitest";
import { tenantName } from "../../../../src/domain/tenant.ts";
import { DEFAULT_TENANT } from "../../../../src/engine/tenants/keys.ts";
import {
  ATTACKED_TENANT,
  ATTACKING_TENANT,
  assertNotReserved,
  isReserved,
  PROOF_TENANT,
  SELF_TEST_TENANT,
} from "../../../../src/engine/tenants/reserved.ts";

const own = [SELF_TEST_TENANT, PROOF_TENANT, ATTACKED_TENANT, ATTACKING_TENANT];

test("the service's own tenants are four, have valid names, and are reserved", () => {
  expect(new Set(own).size).toBe(4);
  for (const tenant of own) {
    expect(tenantName.safeParse(tenant).success, tenant).toBe(true);
    expect(isReserved(tenant), tenant).toBe(true);
  }
});

test("so is every other name that begins as theirs do, and the error says which field has it", () => {
  expect(() => assertNotReserved("cloche-anything", "tenant")).toThrow(
    expect.objectContaining({
      code: "invalid_request",
      issues: [{ field: "tenant", message: expect.stringContaining("cloche-") }],
    }),
  );
});

test.each([DEFAULT_TENANT, "cloche", "my-cloche-proofs"])("control: %s is not", (tenant) => {
  expect(isReserved(tenant)).toBe(false);
  assertNotReserved(tenant, "tenant");
});
