import { expect, test } from "vitest";
import type { TenantLimits } from "../../../../src/domain/tenant.ts";
import { LimitsOfTenants } from "../../../../src/engine/tenants/limits-of-tenants.ts";
import { MemoryTenantStore } from "../../../support/memory-stores.ts";
import { someTenantLimits } from "../../../support/tenant-limits.ts";

class CountingStore extends MemoryTenantStore {
  readonly asked: string[] = [];

  override limits(tenant: string): TenantLimits | undefined {
    this.asked.push(tenant);
    return super.limits(tenant);
  }
}

const setUp = () => {
  const store = new CountingStore();
  const changed: string[] = [];
  const onChange = (tenant: string) => void changed.push(tenant);
  return { store, changed, limits: new LimitsOfTenants({ defaults: someTenantLimits(), store, onChange }) };
};

test("a tenant has the service's limits until it gets its own, which hold at once", () => {
  const { limits, changed, store } = setUp();
  expect(limits.of("a")).toEqual(someTenantLimits());
  const own = someTenantLimits({ sandboxes: 1 });
  limits.set("a", own);
  expect(limits.of("a")).toEqual(own);
  expect(limits.of("b")).toEqual(someTenantLimits());
  expect(changed).toEqual(["a"]);
  expect(store.limits("a")).toEqual(own);
});

test("limits that can't be stored don't hold, and nobody is told of them", () => {
  const { limits, changed, store } = setUp();
  store.full = true;
  expect(() => limits.set("a", someTenantLimits({ sandboxes: 1 }))).toThrow("can't be written");
  expect(limits.of("a")).toEqual(someTenantLimits());
  expect(changed).toEqual([]);
});

test("the store is asked once, and what is remembered is bounded", () => {
  const { limits, store } = setUp();
  for (let turn = 0; turn < 3; turn += 1) limits.of("a");
  expect(store.asked).toEqual(["a"]);
  for (let n = 0; n < 10_000; n += 1) limits.of(`t${n}`);
  limits.of("a");
  expect(store.asked.filter((tenant) => tenant === "a")).toHaveLength(2);
});
