import { afterAll, beforeAll, expect, test } from "vitest";
import { type PrivateService, startPrivateService } from "../../scripts/private-service.ts";
import { runSchemathesis } from "../../scripts/schemathesis/run-schemathesis.ts";

const timeout = 240_000;

let service: PrivateService;

beforeAll(async () => {
  // A bound on what the generated requests leave behind while they run.
  service = await startPrivateService({ CLOCHE_TENANT_SANDBOXES: "24", CLOCHE_POOL_TARGET: "2" });
}, timeout);
afterAll(async () => await service?.[Symbol.asyncDispose]());

test("the service does what its OpenAPI document says, to requests that fit it and to ones that don't", {
  timeout,
}, async ({ signal }) => {
  const { passed, report } = await runSchemathesis(service, { seed: 1, examples: 5, log: () => {}, signal });
  expect(passed, report).toBe(true);
});
