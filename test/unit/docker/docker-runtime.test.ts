import type Dockerode from "dockerode";
import { describe, expect, test } from "vitest";
import { DockerRuntime } from "../../../src/docker/docker-runtime.ts";
import type { Policy } from "../../../src/domain/policy.ts";
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

describe("what the host lacks", () => {
  const info = {
    Architecture: "x86_64",
    NCPU: 1,
    KernelVersion: "6.18.0",
    Runtimes: { runc: {}, runsc: {} },
  };
  const runtimeOn = (change: object = {}) => {
    const created: object[] = [];
    const docker = {
      info: async () => ({ ...info, ...change }),
      version: async () => ({ Version: "28.0.0", Components: [{ Name: "runc", Version: "1.3.0" }] }),
      createContainer: async (asked: object) => {
        created.push(asked);
        throw new Error("enough seen");
      },
    };
    const runtime = new DockerRuntime({
      docker: docker as unknown as Dockerode,
      instance: "i1",
      policiesFolder,
      clock: new ManualClock(),
      orphanMs: 60_000,
    });
    return { runtime, created };
  };
  const refusal = async (change: Partial<Policy>, host = {}) => {
    const { runtime, created } = runtimeOn(host);
    const error = await runtime
      .create({ ...spec, policy: aPolicy(change) })
      .catch((caught: unknown) => caught);
    expect(created).toEqual([]);
    expect(runtime.owns("sbx_1")).toBe(false);
    return error;
  };

  test("control: where it lacks nothing the engine is asked", async () => {
    const { runtime, created } = runtimeOn();
    await expect(runtime.create(spec)).rejects.toMatchObject({ code: "runtime_unavailable" });
    expect(created).toHaveLength(1);
  });

  test("a runtime that the engine hasn't registered is refused, and those that it has are named", async () => {
    const isolation = { ...policy.isolation, runtime: "kata-runtime" };
    expect(await refusal({ isolation })).toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringContaining("wants the runtime kata-runtime, the engine has runc, runsc"),
    });
  });

  test("a policy with a broker is refused", async () => {
    const upstream = {
      name: "a",
      scheme: "https" as const,
      host: "example.org",
      port: 443,
      methods: ["GET" as const],
      paths: ["/"],
    };
    expect(await refusal({ network: { broker: [upstream] } })).toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringContaining("this host has none"),
    });
  });

  test("more cores than there are, and a machine whose system calls nobody knows, are refused", async () => {
    const limits = { ...policy.limits, cpus: 2 };
    expect(await refusal({ limits })).toMatchObject({ message: expect.stringContaining("wants 2 cores") });
    expect(await refusal({}, { Architecture: "riscv64" })).toMatchObject({
      message: expect.stringContaining("can't be put on this machine"),
    });
  });
});
