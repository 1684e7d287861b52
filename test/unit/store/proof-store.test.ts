import { describe, expect, test } from "vitest";
import { aProof } from "../../support/proofs.ts";
import { aStore } from "./a-store.ts";

const at = (n: number) => new Date(Date.UTC(2027, 0, 15, 8, 0, n)).toISOString();
const proofs = [1, 2, 3].map((n) => aProof({ id: `prf_${n}`, createdAt: at(n) }));

describe("a proof", () => {
  test("is found as it was saved last", () => {
    const store = aStore().proofs;
    store.save(aProof({ status: "running", attempts: [] }));
    store.save(aProof());
    expect(store.find(aProof().id)).toEqual(aProof());
    expect(store.find("prf_other")).toBeUndefined();
  });

  test("is listed without its attempts, newest first, page by page", () => {
    const store = aStore().proofs;
    for (const proof of proofs) store.save(proof);
    const first = store.list({ limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(["prf_3", "prf_2"]);
    expect(first.items[0]).not.toHaveProperty("attempts");
    const second = store.list({ limit: 2, cursor: first.nextCursor ?? "" });
    expect(second).toMatchObject({ items: [{ id: "prf_1" }], nextCursor: null });
  });

  test("that an earlier process left running is found, and is not removed for its age", () => {
    const store = aStore().proofs;
    store.save(aProof({ id: "prf_old", status: "running", createdAt: at(1) }));
    for (const proof of proofs) store.save(proof);
    expect(store.running().map(({ id }) => id)).toEqual(["prf_old"]);
    expect(store.prune(Date.parse(at(3)))).toBe(2);
    expect(store.list({ limit: 9 }).items.map(({ id }) => id)).toEqual(["prf_3", "prf_old"]);
  });
});
