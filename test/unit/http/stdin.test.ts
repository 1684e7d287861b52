/** What a caller that feeds a run learns of a launcher that refuses: only a full input is worth another try. */

import { expect, test } from "vitest";
import type { ExecutionHead } from "../../../src/domain/execution.ts";
import { Ledger } from "../../../src/engine/executions/ledger.ts";
import { SharedRecords } from "../../../src/engine/executions/shared-records.ts";
import { Idempotency } from "../../../src/engine/idempotency.ts";
import { LateWrites } from "../../../src/engine/late-writes.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { FileRefused } from "../../../src/engine/ports/sandbox-files.ts";
import { OpenStreams } from "../../../src/http/open-streams.ts";
import { executionRoutes } from "../../../src/http/routes/executions.ts";
import { bareHttpOf } from "../../support/bare-http.ts";
import { anAsk } from "../../support/builders.ts";
import { FakeSandbox } from "../../support/fake-runtime.ts";
import { MemoryExecutionStore, MemoryIdempotencyStore } from "../../support/memory-stores.ts";
import { RecordedAudit } from "../../support/recorded-audit.ts";
import { RecordedTelemetry } from "../../support/recorded-telemetry.ts";

const digest = `sha256:${"0".repeat(64)}`;
const head: ExecutionHead = {
  id: "exe_1",
  createdAt: "2026-11-23T00:00:00.000Z",
  action: {
    kind: "script",
    sha256: "0".repeat(64),
    image: { name: "i", digest },
    policy: { name: "p", digest },
  },
  tier: "container",
};

const never = () => {
  throw new Error("nothing is to run or be refused here");
};

const setUp = () => {
  const sandbox = new FakeSandbox("sbx_1", "container", never);
  const store = new MemoryExecutionStore();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const ledger = new Ledger({
    audit: new RecordedAudit(),
    store,
    policyOf: () => undefined,
    late: new LateWrites(onFault),
    telemetry: new RecordedTelemetry(),
    receipts: { issue: never },
    onFault,
    charge: () => {},
  });
  const live = ledger.begin("t", head, "", anAsk());
  const routes = executionRoutes({
    executor: { submit: never },
    ledger,
    store,
    records: new SharedRecords(store),
    streams: new OpenStreams(0),
    idempotency: new Idempotency(new MemoryIdempotencyStore()),
    onError: () => {},
    assertMayRun: () => {},
  });
  const app = bareHttpOf({ tenant: "t", role: "submitter", keyId: "key_1" }, routes);
  const feed = async () => {
    const headers = { "content-type": "application/octet-stream", "idempotency-key": "k" };
    const response = await app.request("/v1/executions/exe_1/stdin", { method: "POST", headers, body: "x" });
    return { status: response.status, problem: response.status === 204 ? undefined : await response.json() };
  };
  return { sandbox, live, feed };
};

test.each([
  [new FileRefused(11, "secret"), 409, "file_refused", "has more waiting than it may"],
  [new FileRefused(32, "secret"), 409, "conflict", "is not open"],
  [new FileRefused(90, "secret"), 409, "file_refused", "refused this (errno 90)"],
  [new SandboxFault("secret", true), 502, "sandbox_failed", "did not answer"],
])("%s gets %i %s, without the sandbox's words", async (refusal, status, code, detail) => {
  const { sandbox, live, feed } = setUp();
  live.runsIn(sandbox);
  sandbox.refusal = refusal;
  const { problem } = await feed();
  expect(problem).toMatchObject({ status, code, detail: expect.stringContaining(detail) });
  expect(JSON.stringify(problem)).not.toContain("secret");
});

test("a run that does not run yet is a conflict", async () => {
  expect(await setUp().feed()).toMatchObject({ status: 409, problem: { code: "conflict" } });
});

test("what was refused is fed by the same request, sent again", async () => {
  const { sandbox, live, feed } = setUp();
  live.runsIn(sandbox);
  sandbox.refusal = new FileRefused(11, "full");
  expect((await feed()).status).toBe(409);
  sandbox.refusal = undefined;
  expect((await feed()).status).toBe(204);
  expect((await feed()).status).toBe(204);
  expect(sandbox.fed).toEqual([{ runId: "exe_1", data: "x", close: false }]);
});
