/** The self-test on this host, in real sandboxes, and a service that refuses a host that is not good enough. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { postureSchema } from "../../src/domain/posture.ts";
import { readinessSchema } from "../../src/http/routes/health.ts";
import { policiesFolder } from "../support/builders.ts";
import { startService } from "../support/service.ts";
import { ServiceProcesses } from "../support/service-processes.ts";

const tested = { CLOCHE_SELF_TEST: "on", CLOCHE_POSTURE_MINIMUM: "controls" };

test("every limit of the default policy is seen to bite before the service is ready", async () => {
  await using service = await startService(tested);
  const response = await service.request("/v1/posture");
  const posture = postureSchema.parse(await response.json());
  expect(posture).toMatchObject({ acceptable: true, minimum: "controls" });
  expect(posture.runtimes["runc"]).toMatchObject({ works: true });
  expect(
    posture.selfTest?.checks.filter(({ result, name }) => result !== "holds" && !name.startsWith("landlock")),
  ).toEqual([]);
  expect(["1", "2", "hybrid"]).toContain(posture.cgroup.version);
  expect(await service.run("print(1)")).toMatchObject({ outcome: "ok" });
});

test("an admin has another policy tested", async () => {
  await using service = await startService();
  const body = JSON.stringify({ policy: "strict" });
  const response = await service.request("/v1/posture/checks", { method: "POST", body });
  const posture = postureSchema.parse(await response.json());
  expect(posture).toMatchObject({ acceptable: true, selfTest: { policy: "strict", runtime: "runc" } });
  const checks = posture.selfTest?.checks ?? [];
  expect(checks.find(({ name }) => name === "memory_limit")).toMatchObject({ result: "holds" });
  // Its tier has no fork and no sockets, which is no fault of the host's.
  const without = checks.filter(({ result }) => result === "not_applicable").map(({ name }) => name);
  expect(without).toEqual(["process_limit", "cpu_time", "system_calls"]);
});

/** Policies of which the default one asks for what no host has. */
const impossiblePolicies = (folder: string): string => {
  const policies = join(folder, "policies");
  cpSync(policiesFolder, policies, { recursive: true });
  mkdirSync(join(policies, "posture"), { recursive: true });
  const knownBad = {
    knownBad: [
      {
        id: "kernel-any",
        component: "kernel",
        affected: [{ before: "999.0.0" }],
        severity: "error",
        message: "Every kernel.",
        references: ["a test"],
        remedy: "None.",
      },
    ],
  };
  writeFileSync(join(policies, "posture", "known-bad.yaml"), JSON.stringify(knownBad));
  return policies;
};

test("a host below the minimum runs nothing, and says why", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-posture-"));
  const services = new ServiceProcesses();
  try {
    const policies = impossiblePolicies(folder);
    const service = await services.start({
      ...tested,
      CLOCHE_POSTURE_MINIMUM: "patched",
      CLOCHE_POLICIES_DIR: policies,
      CLOCHE_LOG_LEVEL: "silent",
    });
    const ready = await fetch(`${service.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(readinessSchema.parse(await ready.json()).checks).toContainEqual({
      name: "posture",
      ok: false,
      detail: expect.stringContaining("below patched"),
    });
    for (const [path, body] of [
      ["/v1/executions", { code: "print(1)" }],
      ["/v1/sessions", {}],
      ["/v1/batches", { items: [{ id: "a", action: { code: "print(1)" } }] }],
    ] as const) {
      const answer = await service.request(path, { method: "POST", body: JSON.stringify(body) });
      expect(answer.status, path).toBe(503);
      expect(await answer.json()).toMatchObject({
        code: "posture_refused",
        detail: expect.stringContaining("kernel-any"),
      });
    }
  } finally {
    await services[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
});
