import type Dockerode from "dockerode";
import { describe, expect, test } from "vitest";
import { DockerRuntime } from "../../../src/docker/docker-runtime.ts";
import { anImage, aPolicy, policiesFolder } from "../../support/builders.ts";
import { FakeLauncher } from "../../support/fake-launcher.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const policy = aPolicy();
const spec = { id: "sbx_1" as const, tenant: "t1", image: anImage(), policy };
const ours = {
  "io.cloche.instance": "i1",
  "io.cloche.sandbox": "sbx_1",
  "io.cloche.tenant": "t1",
  "io.cloche.policy": policy.digest,
};

const setUp = ({ Labels = ours as Record<string, string>, Running = true, interpreter = 1 } = {}) => {
  const launcher = new FakeLauncher();
  launcher.interpreter = interpreter;
  const container = {
    id: "c1",
    inspect: async () => ({ State: { Running }, Config: { Labels, User: "20000:20000" } }),
    attach: async () => launcher.attach(),
  };
  const docker = { getContainer: () => container } as unknown as Dockerode;
  const runtime = new DockerRuntime({
    docker,
    instance: "i1",
    policiesFolder,
    clock: new ManualClock(),
    orphanMs: 60_000,
  });
  return { runtime, launcher };
};

describe("adopting a session's container", () => {
  test("attaches to its launcher", async () => {
    const { runtime } = setUp();
    const sandbox = await runtime.adopt(spec, "c1");
    expect(sandbox).toMatchObject({ sandboxId: "sbx_1", containerId: "c1", attached: true, state: "leased" });
    expect(runtime.owns("sbx_1")).toBe(true);
    expect(await sandbox.ping(100)).toEqual({ cpuMs: 5 });
    sandbox.release();
    expect(runtime.owns("sbx_1")).toBe(true);
  });

  test.each([
    ["that does not run", { Running: false }],
    ["of another instance", { Labels: { ...ours, "io.cloche.instance": "i2" } }],
    ["of another tenant", { Labels: { ...ours, "io.cloche.tenant": "t2" } }],
    ["of another sandbox", { Labels: { ...ours, "io.cloche.sandbox": "sbx_2" } }],
    ["of another policy", { Labels: { ...ours, "io.cloche.policy": "sha256:other" } }],
    ["without a session", { interpreter: 0 }],
  ])("one %s is refused, and is nobody's", async (_, change) => {
    const { runtime } = setUp(change);
    await expect(runtime.adopt(spec, "c1")).rejects.toMatchObject({ name: "SandboxFault" });
    expect(runtime.owns("sbx_1")).toBe(false);
  });
});
