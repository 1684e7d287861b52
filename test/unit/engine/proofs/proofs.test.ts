import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { attemptHeadSchema, newProofSchema, type Proof } from "../../../../src/domain/proof.ts";
import { Secret } from "../../../../src/domain/secret.ts";
import type { Attempt, ProgramAttempt, ServiceAttempt } from "../../../../src/engine/proofs/attempt.ts";
import { Proofs } from "../../../../src/engine/proofs/proofs.ts";
import { Keys } from "../../../../src/engine/tenants/keys.ts";
import { aPolicy } from "../../../support/builders.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport, type FakeRun, FakeRuntime } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { MemoryKeyStore } from "../../../support/memory-stores.ts";
import { FakeCanary, MemoryProofStore } from "../../../support/proofs.ts";

const anAttempt = (id: number, change: object = {}): ProgramAttempt => ({
  head: attemptHeadSchema.parse({
    id,
    name: `attempt-${id}`,
    title: `Try number ${id}`,
    class: "files",
    techniques: ["T1611"],
    defences: ["landlock"],
    control: { without: ["landlock"] },
    ...change,
  }),
  program: `attempt ${id}`,
});

const saying = (reached: boolean, saw = "words") => aReport(`${JSON.stringify({ reached, saw })}\n`);

/** Answers as the battery's programs would where everything holds. */
const holding: FakeRun = async ({ args }) => {
  if (args.length === 0) return aReport("clean\n");
  return saying(args[1] === "control");
};

const setUp = (battery: readonly Attempt[], run: FakeRun = holding, more: { auth?: boolean } = {}) => {
  const runtime = new FakeRuntime();
  runtime.run = run;
  const policies = [
    aPolicy(),
    aPolicy({ name: "cells", isolation: { tier: "cell", runtime: "runc", cells: 5 } }),
  ];
  const engine = anEngine({ runtime, policies });
  const { admission, audit, catalog, clock, late } = engine;
  const store = new MemoryProofStore();
  const canary = new FakeCanary();
  const keys = new Keys({ store: new MemoryKeyStore(), audit, clock, fileKey: new Secret("file") });
  const asked: { target: string; authorization: string | null }[] = [];
  const specs: {
    tier: string;
    runtime: string;
    without: readonly string[];
    require: readonly string[];
    memoryMiB: number;
  }[] = [];
  runtime.beforeCreate = ({ policy, without = [] }) =>
    void specs.push({
      ...policy.isolation,
      without,
      require: policy.require,
      memoryMiB: policy.limits.memoryMiB,
    });
  const proofs = new Proofs({
    battery,
    store,
    late,
    catalog,
    keys,
    auth: more.auth ?? true,
    admission,
    runtime,
    canary,
    audit,
    service: async (target, init) => {
      const authorization = new Headers(init.headers).get("authorization");
      asked.push({ target, authorization });
      return new Response(JSON.stringify({ observation: { stdout: "42\n" } }), { status: 200 });
    },
    clock,
    onFault: (error) => void engine.faults.push(error),
  });
  const finish = async (wanted: object = {}): Promise<Proof> => {
    const { id } = await proofs.start(newProofSchema.parse(wanted), { keyId: "key_1", role: "admin" });
    while (proofs.find(id)?.status === "running") await settled();
    return store.find(id) as Proof;
  };
  return { ...engine, runtime, proofs, store, canary, keys, asked, specs, finish };
};

describe("a proof", () => {
  test("gives each attempt a control, a clean run and a look at the host, in sandboxes that are all removed", async () => {
    const { finish, runtime, canary, specs, audit, admission } = setUp([anAttempt(1), anAttempt(2)]);
    const proof = await finish();
    expect(proof).toMatchObject({ status: "finished", total: 2, underWay: [], error: null });
    expect(proof.summary).toEqual({ blocked: 2, contained: 0, escaped: 0, inconclusive: 0 });
    expect(
      proof.attempts.map(({ id, control, cleanRun, canary: host }) => [
        id,
        control.succeeded,
        cleanRun.ok,
        host.ok,
      ]),
    ).toEqual([
      [1, true, true, true],
      [2, true, true, true],
    ]);
    // The first clean run, and three for each attempt.
    expect(runtime.made).toHaveLength(7);
    expect(runtime.made.every(({ destroyed, runs }) => destroyed && runs === 1)).toBe(true);
    expect(specs.filter(({ without }) => without.length > 0)).toEqual([
      expect.objectContaining({ without: ["landlock"], require: [] }),
      expect.objectContaining({ without: ["landlock"], require: [] }),
    ]);
    expect(canary.looked.map((gone) => gone.length)).toEqual([3, 3]);
    expect(canary.planted).toBe(0);
    expect(audit.of("proof.ran").map(({ data }) => data["status"])).toEqual(["running", "finished"]);
    expect(admission.running).toBe(0);
  });

  test("never has more than two attempts under way", async () => {
    const { finish, admission } = setUp(
      Array.from({ length: 5 }, (_, index) => anAttempt(index + 1)),
      async (request, options) => {
        expect(admission.of("cloche-proofs").sandboxes).toBeLessThanOrEqual(2);
        return await holding(request, options);
      },
    );
    expect((await finish()).summary.blocked).toBe(5);
  });

  test("raises the limits of a control only", async () => {
    const { finish, specs } = setUp([anAttempt(1, { control: { limits: { memoryMiB: 4096 } } })]);
    await finish();
    expect(specs.map(({ memoryMiB }) => memoryMiB).sort()).toEqual([4096, 512, 512, 512]);
  });

  test("in tier cell the next run is the next cell of the same container", async () => {
    const { finish, runtime } = setUp([anAttempt(1, { steps: 2 })]);
    const { attempts, tier } = await finish({ policy: "cells" });
    expect(tier).toBe("cell");
    expect(attempts[0]).toMatchObject({ verdict: "blocked", cleanRun: { ok: true } });
    expect(runtime.made.map(({ runs }) => runs).sort()).toEqual([1, 2, 3]);
  });

  test("takes another runtime and tier in place of the policy's", async () => {
    const { finish, specs } = setUp([anAttempt(1)]);
    const proof = await finish({ runtime: "runsc", tier: "cell" });
    expect(proof).toMatchObject({ runtime: "runsc", tier: "cell", policy: { name: "default" } });
    expect(new Set(specs.map(({ runtime, tier }) => `${runtime} ${tier}`))).toEqual(new Set(["runsc cell"]));
  });

  test("leaves out what has no meaning there, and says why", async () => {
    const battery = [anAttempt(1, { notFor: { cell: "there is no neighbour" } }), anAttempt(2)];
    const { finish } = setUp(battery);
    expect(await finish({ policy: "cells" })).toMatchObject({
      total: 1,
      skipped: [{ id: 1, name: "attempt-1", reason: "there is no neighbour" }],
    });
  });

  test("runs the chosen attempts, and refuses ids that there are not", async () => {
    const { finish, proofs } = setUp([anAttempt(1), anAttempt(2)]);
    expect((await finish({ attempts: [2] })).attempts.map(({ id }) => id)).toEqual([2]);
    const wrong = newProofSchema.parse({ attempts: [2, 9] });
    await expect(proofs.start(wrong, null)).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("an attempt is not taken for blocked", () => {
  const one = async (run: FakeRun, prepare: (world: ReturnType<typeof setUp>) => void = () => {}) => {
    const world = setUp([anAttempt(1)], run);
    prepare(world);
    return (await world.finish()).attempts[0];
  };

  test("where it got what it wanted", async () => {
    expect(
      await one(async ({ args }) => (args.length === 0 ? aReport("clean") : saying(true))),
    ).toMatchObject({
      verdict: "escaped",
    });
  });

  test("where its control did not succeed", async () => {
    const result = await one(async ({ args }) => (args.length === 0 ? aReport("clean") : saying(false)));
    expect(result).toMatchObject({ verdict: "inconclusive", control: { succeeded: false } });
    expect(result?.evidence).toContain("the control did not succeed");
  });

  test("where something is left on the host", async () => {
    const result = await one(holding, ({ canary }) => {
      canary.report = { ok: false, evidence: "a mount is left" };
    });
    expect(result).toMatchObject({ verdict: "escaped", canary: { ok: false } });
  });

  test("where it says what is in a file of the host", async () => {
    const result = await one(async (request, options) =>
      request.args[1] === "attempt" ? saying(false, "canary-token") : await holding(request, options),
    );
    expect(result).toMatchObject({ verdict: "escaped", canary: { ok: false } });
  });

  test("where the next run finds something else than the first", async () => {
    let clean = 0;
    const result = await one(async (request, options) =>
      request.args.length === 0 ? aReport(`clean ${clean++}`) : await holding(request, options),
    );
    expect(result).toMatchObject({ verdict: "inconclusive", cleanRun: { ok: false } });
  });

  test("where its sandbox can't be made", async () => {
    let creates = 0;
    const result = await one(holding, ({ runtime }) => {
      runtime.beforeCreate = ({ without = [] }) => {
        creates += 1;
        if (creates > 1 && without.length === 0) throw new Error("no");
      };
    });
    expect(result).toMatchObject({ verdict: "inconclusive", cleanRun: { ok: false } });
  });
});

describe("one proof at a time", () => {
  const held: FakeRun = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("a second one is refused, and cancelling removes every sandbox", async () => {
    const { proofs, runtime, store, canary } = setUp([anAttempt(1)], held);
    const { id } = await proofs.start(newProofSchema.parse({}), null);
    await expect(proofs.start(newProofSchema.parse({}), null)).rejects.toMatchObject({ code: "conflict" });
    await settled();
    expect(await proofs.cancel(id)).toMatchObject({ status: "failed", error: "It was cancelled" });
    expect(store.find(id)?.status).toBe("failed");
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
    expect(canary.planted).toBe(0);
  });

  test("what an earlier process did not finish has failed", async () => {
    const { proofs, store } = setUp([anAttempt(1)]);
    store.save({ ...(await setUp([anAttempt(1)]).finish()), id: "prf_old", status: "running" });
    proofs.failUnfinished();
    expect(store.find("prf_old")).toMatchObject({
      status: "failed",
      error: expect.stringContaining("went down"),
    });
  });

  test("that fails for a reason of the service's says none of it, and the log has all", async () => {
    const { finish, runtime, faults } = setUp([anAttempt(1)]);
    const internal = new Error("connect /run/user/1000/secret.sock");
    runtime.beforeCreate = () => {
      throw internal;
    };
    expect(await finish()).toMatchObject({ status: "failed", error: "The service failed" });
    expect(faults).toEqual([internal]);
  });

  test("control: one that fails on purpose says why, and the log has its cause", async () => {
    const { finish, runtime, faults } = setUp([anAttempt(1)]);
    const gone = new ServiceError("runtime_unavailable", "The engine is gone", {
      cause: new Error("secret"),
    });
    runtime.beforeCreate = () => {
      throw gone;
    };
    expect(await finish()).toMatchObject({ status: "failed", error: "The engine is gone" });
    expect(faults).toEqual([gone]);
  });

  test("is refused where the audit log can't be written", async () => {
    const { proofs, audit, store } = setUp([anAttempt(1)]);
    audit.full = true;
    await expect(proofs.start(newProofSchema.parse({}), null)).rejects.toMatchObject({
      code: "audit_unavailable",
    });
    expect(store.saves).toBe(0);
  });
});

describe("an attempt on the service", () => {
  const knocking = (reached: boolean, needsKeys = false): ServiceAttempt => ({
    head: {
      id: 3,
      name: "knock",
      title: "Knock",
      class: "service",
      techniques: ["T1190"],
      defences: ["a door"],
      wallMs: 1000,
      needsKeys,
    },
    attempt: async ({ mallory }) => {
      await mallory.ask("/v1/../x");
      return { reached, saw: "knocked" };
    },
    control: async () => ({ reached: true, saw: "let in" }),
  });

  test("goes through the service's own door, with keys that end with the proof", async () => {
    const { finish, asked, keys } = setUp([knocking(false)]);
    expect((await finish()).attempts[0]).toMatchObject({ verdict: "blocked", cleanRun: { ok: true } });
    expect(asked.map(({ target }) => target)).toEqual(["/v1/../x", "/v1/executions"]);
    const key = asked[0]?.authorization?.replace("Bearer ", "") ?? "";
    expect(key).toMatch(/^clo_/);
    expect(keys.authenticate(key)).toBeUndefined();
  });

  test("that gets what it wants escaped", async () => {
    expect((await setUp([knocking(true)]).finish()).summary.escaped).toBe(1);
  });

  test("that needs two tenants is left out where no keys are asked for", async () => {
    const { finish } = setUp([knocking(false, true)], holding, { auth: false });
    expect((await finish()).skipped).toHaveLength(1);
  });
});
