import { describe, expect, test } from "vitest";
import type { Caller } from "../../../src/domain/tenant.ts";
import { Idempotency } from "../../../src/engine/idempotency.ts";
import type { Proofs } from "../../../src/engine/proofs/proofs.ts";
import { proofRoutes } from "../../../src/http/routes/proofs.ts";
import { bareHttpOf } from "../../support/bare-http.ts";
import { MemoryIdempotencyStore } from "../../support/memory-stores.ts";
import { aProof, MemoryProofStore } from "../../support/proofs.ts";

const setUp = (role: Caller["role"] = "admin") => {
  const store = new MemoryProofStore();
  store.save(aProof());
  store.save(aProof({ id: "prf_2", policy: { name: "strict", digest: "sha256:2" } }));
  const started: unknown[] = [];
  const proofs = {
    createId: () => "prf_new",
    start: async (...asked: unknown[]) => {
      started.push(asked);
      return aProof({ id: "prf_new", status: "running", attempts: [] });
    },
    find: (id: string) => store.find(id),
    attempts: () => [],
    list: (query: { limit: number }) => store.list(query),
    cancel: async (id: string) => ({ ...store.find(id), status: "failed" }),
  } as unknown as Proofs;
  const routes = proofRoutes(proofs, new Idempotency(new MemoryIdempotencyStore()));
  const app = bareHttpOf({ tenant: "a", role, keyId: "key_1" }, routes);
  const ask = (method: string, path: string, accept = "application/json", body?: unknown) =>
    app.request(path, {
      method,
      headers: { accept, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { ask, started };
};

describe("POST /v1/proofs", () => {
  test("begins a proof and says where it is", async () => {
    const { ask, started } = setUp();
    const answer = await ask("POST", "/v1/proofs", undefined, { policy: "strict", attempts: [1] });
    expect(answer.status).toBe(202);
    expect(answer.headers.get("location")).toBe("/v1/proofs/prf_new");
    expect(started).toEqual([
      [{ policy: "strict", attempts: [1] }, { keyId: "key_1", role: "admin" }, "prf_new"],
    ]);
  });

  test.each([
    ["an unknown field", { policies: ["default"] }],
    ["a tier that there is not", { tier: "vm" }],
    ["no attempt at all", { attempts: [] }],
  ])("refuses %s", async (_, body) => {
    expect((await setUp().ask("POST", "/v1/proofs", undefined, body)).status).toBe(400);
  });

  test.each(["submitter", "auditor"] as const)("is not for a %s", async (role) => {
    const { ask, started } = setUp(role);
    expect((await ask("POST", "/v1/proofs", undefined, {})).status).toBe(403);
    expect(started).toEqual([]);
  });
});

describe("GET /v1/proofs/{id}", () => {
  const path = `/v1/proofs/${aProof().id}`;

  test.each([
    ["application/json", "application/json", '"status":"finished"'],
    ["*/*", "application/json", '"status":"finished"'],
    ["text/html,application/xhtml+xml", "text/html", "<!doctype html>"],
    ["text/plain", "text/plain", "1 attempt: 1 blocked"],
    ["application/sarif+json", "application/sarif+json", '"version":"2.1.0"'],
  ])("answers %s with %s", async (accept, type, content) => {
    const answer = await setUp("auditor").ask("GET", path, accept);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain(type);
    expect(await answer.text()).toContain(content);
  });

  test("puts several proofs into one page", async () => {
    const page = await (await setUp().ask("GET", `${path}?with=prf_2`, "text/html")).text();
    expect(page).toContain("<title>Cloche proof: default, strict</title>");
    expect((await setUp().ask("GET", `${path}?with=prf_9`, "text/html")).status).toBe(404);
  });

  test("is not for a submitter, and not found where there is none", async () => {
    expect((await setUp("submitter").ask("GET", path)).status).toBe(403);
    expect((await setUp().ask("GET", "/v1/proofs/prf_9")).status).toBe(404);
  });
});

test("a list has proofs without their attempts, for auditors and admins", async () => {
  const list = await (await setUp("auditor").ask("GET", "/v1/proofs")).json();
  expect(list).toMatchObject({ items: [{ id: "prf_2" }, { id: aProof().id }], nextCursor: null });
  expect((await setUp("submitter").ask("GET", "/v1/proofs")).status).toBe(403);
});

test("cancelling answers with how it ended, and is for admins", async () => {
  const answer = await setUp().ask("POST", "/v1/proofs/prf_2/cancel");
  expect(await answer.json()).toMatchObject({ id: "prf_2", status: "failed" });
  expect((await setUp("auditor").ask("POST", "/v1/proofs/prf_2/cancel")).status).toBe(403);
});

test("a list has what there is to try, for auditors and admins", async () => {
  const list = await setUp("auditor").ask("GET", "/v1/attempts");
  expect({ status: list.status, body: await list.json() }).toEqual({ status: 200, body: { items: [] } });
  expect((await setUp("submitter").ask("GET", "/v1/attempts")).status).toBe(403);
});
