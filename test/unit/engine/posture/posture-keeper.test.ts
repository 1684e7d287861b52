import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import type { Policy } from "../../../../src/domain/policy.ts";
import { Catalog } from "../../../../src/engine/catalog/catalog.ts";
import type { HostFacts } from "../../../../src/engine/ports/host.ts";
import type { RunRequest, SandboxSpec } from "../../../../src/engine/ports/runtime.ts";
import { loadKnownBad } from "../../../../src/engine/posture/known-bad.ts";
import { type Minimum, PostureKeeper } from "../../../../src/engine/posture/posture-keeper.ts";
import { aPolicy, policiesFolder } from "../../../support/builders.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { reportsOfProbes, someHostFacts } from "../../../support/posture.ts";

/** Which of the self-test's payloads a run is. */
const probeOf = ({ code }: RunRequest) => {
  const text = code.toString();
  if (text.includes("Meets every bound")) return "bounds";
  if (text.includes("Takes memory")) return "memory";
  return text.includes("Prints for ever") ? "output" : "wall";
};

interface Settings {
  minimum?: Minimum;
  selfTest?: boolean;
  facts?: Partial<HostFacts>;
  policies?: Policy[];
}

const setUp = ({
  minimum = "controls",
  selfTest = true,
  facts = {},
  policies = [aPolicy()],
}: Settings = {}) => {
  const reports = reportsOfProbes();
  const runtime = new FakeRuntime();
  const specs: SandboxSpec[] = [];
  const create = runtime.create.bind(runtime);
  runtime.create = async (spec) => {
    specs.push(spec);
    return await create(spec);
  };
  runtime.run = async (request) => reports[probeOf(request)];
  const host = { facts: someHostFacts(facts), away: undefined as Error | undefined };
  const faults: unknown[] = [];
  const keeper = new PostureKeeper({
    host: {
      look: async () => {
        if (host.away) throw host.away;
        return host.facts;
      },
    },
    runtime,
    catalog: new Catalog(runtime, policies),
    clock: new ManualClock(),
    knownBad: loadKnownBad(policiesFolder),
    minimum,
    selfTest,
    onFault: (error) => void faults.push(error),
  });
  return { keeper, runtime, reports, host, faults, specs };
};

const away = new ServiceError("runtime_unavailable", "the engine does not answer");
const gvisor = () => aPolicy({ name: "gvisor", isolation: { ...aPolicy().isolation, runtime: "runsc" } });

describe("posture", () => {
  test("control: a good host is acceptable, and every sandbox of the test is gone", async () => {
    const { keeper, runtime, faults } = setUp();
    await keeper.start();
    expect(() => keeper.assertAcceptable()).not.toThrow();
    expect(keeper.read()).toMatchObject({
      acceptable: true,
      runtimes: { runc: { version: "1.3.4", works: true } },
      selfTest: { policy: "default", runtime: "runc" },
    });
    expect(runtime.made.length).toBeGreaterThan(0);
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
    expect(faults).toEqual([]);
  });

  test("before it was looked at, nothing may run", () => {
    const { keeper } = setUp();
    expect(() => keeper.assertAcceptable()).toThrow(expect.objectContaining({ code: "posture_refused" }));
  });

  test("where it can't be found out nothing may run, until it can", async () => {
    const { keeper, host } = setUp();
    host.away = away;
    await keeper.start();
    expect(() => keeper.assertAcceptable()).toThrow("the engine does not answer");
    expect(() => keeper.read()).toThrow(expect.objectContaining({ code: "posture_refused" }));
    host.away = undefined;
    await keeper.refresh();
    expect(() => keeper.assertAcceptable()).not.toThrow();
  });

  test("a limit that does not bite refuses, and says which", async () => {
    const { keeper, reports } = setUp();
    reports.memory = { ...reports.memory, stdout: Buffer.from("half\npast\n") };
    await keeper.start();
    expect(() => keeper.assertAcceptable()).toThrow("self-test-memory-limit");
  });

  test("under patched a runtime that a loaded policy names has to tell its version", async () => {
    const facts = { runtimes: { runc: "1.3.4", runsc: null } };
    const { keeper } = setUp({ minimum: "patched", facts, policies: [aPolicy(), gvisor()] });
    await keeper.start();
    expect(() => keeper.assertAcceptable()).toThrow("runsc-version-unknown");
    const without = setUp({ minimum: "patched", facts });
    await without.keeper.start();
    expect(() => without.keeper.assertAcceptable()).not.toThrow();
  });

  test("a host below the minimum is tested again, and accepted when all holds", async () => {
    const { keeper, reports } = setUp();
    const good = reports.memory;
    reports.memory = { ...good, stdout: Buffer.from("half\npast\n") };
    await keeper.start();
    expect(() => keeper.assertAcceptable()).toThrow();
    reports.memory = good;
    await keeper.refresh();
    expect(() => keeper.assertAcceptable()).not.toThrow();
  });

  test("minimum none takes what is bad, and what is not known", async () => {
    const { keeper, host, reports } = setUp({ minimum: "none" });
    host.away = away;
    await keeper.start();
    expect(() => keeper.assertAcceptable()).not.toThrow();
    host.away = undefined;
    reports.memory = { ...reports.memory, stdout: Buffer.from("half\npast\n") };
    await keeper.start();
    expect(() => keeper.assertAcceptable()).not.toThrow();
    expect(keeper.read().findings.map(({ id }) => id)).toContain("self-test-memory-limit");
  });

  test("with the self-test off no sandbox is made, and it is told", async () => {
    const { keeper, runtime } = setUp({ minimum: "none", selfTest: false });
    await keeper.start();
    expect(runtime.made).toEqual([]);
    expect(keeper.read()).toMatchObject({ selfTest: null, findings: [{ id: "self-test-off" }] });
  });

  test("a sandbox that can't be made is a failed test, not a failed start", async () => {
    const { keeper, runtime } = setUp();
    runtime.create = async () => {
      throw new ServiceError("runtime_unavailable", "No sandbox can be made: memory is not in force");
    };
    await keeper.start();
    expect(() => keeper.assertAcceptable()).toThrow(expect.objectContaining({ code: "posture_refused" }));
    const { selfTest, runtimes } = keeper.read();
    expect(selfTest?.checks[0]?.evidence).toContain("memory is not in force");
    expect(runtimes["runc"]).toMatchObject({ works: false });
  });

  test("while the engine is away what was found stays", async () => {
    const { keeper, host, faults } = setUp();
    await keeper.start();
    host.away = away;
    await keeper.refresh();
    expect(() => keeper.assertAcceptable()).not.toThrow();
    expect(faults).toEqual([away]);
  });

  test("another policy is tested when asked, and does not become the service's posture", async () => {
    const { keeper, reports, specs } = setUp({
      policies: [aPolicy(), gvisor()],
      facts: { runtimes: { runc: "1.3.4", runsc: null } },
    });
    await keeper.start();
    reports.output = { ...reports.output, stdout: Buffer.alloc(0) };
    specs.length = 0;
    const posture = await keeper.check("gvisor");
    expect(specs.every(({ policy }) => policy.isolation.runtime === "runsc")).toBe(true);
    expect(posture).toMatchObject({ acceptable: false, selfTest: { policy: "gvisor", runtime: "runsc" } });
    expect(keeper.read()).toMatchObject({ acceptable: true, selfTest: { policy: "default" } });
  });

  test("a policy is tested under a runtime other than its own", async () => {
    const { keeper, specs } = setUp({ facts: { runtimes: { runc: "1.3.4", runsc: null } } });
    await expect(keeper.check("default", "runsc")).resolves.toMatchObject({
      selfTest: { policy: "default", runtime: "runsc" },
    });
    expect(new Set(specs.map(({ policy }) => policy.isolation.runtime))).toEqual(new Set(["runsc"]));
  });

  test("what the engine has not registered is refused by name", async () => {
    const { keeper } = setUp({ policies: [aPolicy(), gvisor()] });
    await keeper.start();
    const refusal = "policy gvisor runs under runsc, which the engine has not registered; it has: runc";
    await expect(keeper.check("gvisor")).rejects.toThrow(refusal);
    expect(() => keeper.assertRuns(gvisor())).toThrow(refusal);
    expect(() => keeper.assertRuns(aPolicy())).not.toThrow();
  });

  test("each registered runtime that a policy names is tried, one that comes later when it is seen", async () => {
    const { keeper, host, specs } = setUp({ policies: [aPolicy(), gvisor()] });
    await keeper.start();
    expect(keeper.read().runtimes).toEqual({ runc: { version: "1.3.4", works: true } });
    specs.length = 0;
    host.facts = someHostFacts({ runtimes: { runc: "1.3.4", runsc: null, crun: null } });
    await keeper.refresh();
    expect(specs.map(({ policy }) => policy.name)).toEqual(["gvisor"]);
    expect(keeper.read().runtimes).toMatchObject({ runsc: { works: true }, crun: { works: null } });
  });

  test("a runtime under which nothing could be made refuses its policies, and no other", async () => {
    const { keeper, runtime } = setUp({
      policies: [aPolicy(), gvisor()],
      facts: { runtimes: { runc: "1.3.4", runsc: null } },
    });
    const create = runtime.create.bind(runtime);
    runtime.create = async (spec) => {
      if (spec.policy.isolation.runtime === "runsc") throw new Error("no");
      return await create(spec);
    };
    await keeper.start();
    expect(() => keeper.assertRuns(gvisor())).toThrow("under which no sandbox could be made");
    expect(() => keeper.assertRuns(aPolicy())).not.toThrow();
    expect(() => keeper.assertAcceptable()).not.toThrow();
  });
});
