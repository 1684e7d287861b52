/** The whole battery, as an operator runs it: against the service, on this host, with every control in force. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Proof, proofSchema } from "../../src/domain/proof.ts";
import { docker, type Service, startService, until } from "../support/service.ts";

const RUNSC = "runsc";
const registered = RUNSC in ((await docker().info()).Runtimes ?? {});
const why = `the engine has no runtime ${RUNSC}; npm run runsc builds it`;
if (!registered) process.stderr.write(`\n*** Nothing was proven under gVisor: ${why} ***\n`);

/** A battery of fewer has lost some. */
const AT_LEAST = 97;

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "1" });
});
afterAll(async () => await service[Symbol.asyncDispose]());

/** One that failed must not fail those that follow, too. */
afterEach(async () => {
  const { items } = (await (await service.request("/v1/proofs?limit=1")).json()) as { items: Proof[] };
  const [last] = items;
  if (last?.status !== "running") return;
  await service.request(`/v1/proofs/${last.id}/cancel`, { method: "POST", body: "{}" });
});

const prove = async (wanted: object): Promise<Proof> => {
  const started = await service.request("/v1/proofs", { method: "POST", body: JSON.stringify(wanted) });
  const body = await started.text();
  expect(started.status, body).toBe(202);
  const path = started.headers.get("location") ?? "";
  let proof = proofSchema.parse(JSON.parse(body));
  await until(async () => {
    proof = proofSchema.parse(await (await service.request(path)).json());
    return proof.status !== "running";
  });
  return proof;
};

/** What to read first where one fails. */
const openOnes = ({ attempts }: Proof): string[] =>
  attempts
    .filter(({ verdict }) => verdict === "escaped" || verdict === "inconclusive")
    .map(({ id, name, verdict, evidence }) => `${id} ${name} ${verdict}: ${evidence.slice(0, 500)}`);

/** For who reads the job's output: what was tried, and what it took. */
const tell = ({ policy, runtime, total, skipped, ms, summary: { blocked, contained } }: Proof): void => {
  const tried = `${total} attempts, ${skipped.length} skipped, ${blocked} blocked, ${contained} contained`;
  process.stderr.write(`proof of ${policy.name} under ${runtime}: ${tried}, in ${Math.round(ms / 1000)} s\n`);
};

const expectNothingOpen = (proof: Proof): void => {
  tell(proof);
  expect(proof).toMatchObject({ status: "finished", error: null });
  expect(openOnes(proof)).toEqual([]);
  expect(proof.summary.blocked + proof.summary.contained).toBe(proof.total);
  expect(proof.attempts.every(({ control }) => control.succeeded)).toBe(true);
  expect(proof.attempts.every(({ cleanRun, canary }) => cleanRun.ok && canary.ok)).toBe(true);
};

describe("nothing of the battery gets out", () => {
  test.each(["default", "strict", "rl-cell"])("under %s", { timeout: 600_000 }, async (policy) => {
    const proof = await prove({ policy });
    expectNothingOpen(proof);
    expect(proof.total).toBeGreaterThanOrEqual(AT_LEAST);
  });

  const title = registered ? "under default, in gVisor" : `in gVisor nothing is proven: ${why}`;
  test.skipIf(!registered)(title, { timeout: 900_000 }, async () => {
    const proof = await prove({ policy: "default", runtime: RUNSC });
    expectNothingOpen(proof);
    expect(proof.total + proof.skipped.length).toBeGreaterThanOrEqual(AT_LEAST);
  });
});

test("a proof that is cancelled leaves no sandbox and no lent key or policy", async () => {
  const answer = await service.request("/v1/proofs", { method: "POST", body: JSON.stringify({}) });
  const { id } = proofSchema.parse(await answer.json());
  const second = await service.request("/v1/proofs", { method: "POST", body: JSON.stringify({}) });
  expect(second.status).toBe(409);
  const cancelled = await service.request(`/v1/proofs/${id}/cancel`, { method: "POST", body: "{}" });
  expect(await cancelled.json()).toMatchObject({ status: "failed", error: "It was cancelled" });
  const policies = JSON.stringify(await (await service.request("/v1/policies")).json());
  expect(policies).not.toContain('"proof-');
});
