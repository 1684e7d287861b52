import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { type NewSessionInput, newSessionSchema, type Session } from "../../../../src/domain/session.ts";
import { SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { FileRefused } from "../../../../src/engine/ports/sandbox-files.ts";
import { anEngine } from "../../../support/engine.ts";
import { type FakeSandbox, someFacts } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession } from "./in-session.ts";

const never = new AbortController().signal;

const setUp = (settings: Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine(settings);
  const create = (spec: NewSessionInput = {}, { id = "ses_1", tenant = "t", signal = never } = {}) =>
    engine.sessions.create(newSessionSchema.parse(spec), { tenant, id }, signal);
  const places = () => engine.admission.of("t").sandboxes;
  return { ...engine, create, places };
};

describe("a new session", () => {
  test("has a sandbox with its environment, seed and files, and is stored", async () => {
    const { create, runtime, stores, places, clock } = setUp();
    const spec = {
      env: { A: "1" },
      seed: 7,
      files: { "data/a.txt": "x" },
      metadata: { run: "3" },
      ttlMs: 5000,
    };
    const session = await create(spec);
    const [sandbox] = runtime.made;
    expect(sandbox?.session).toEqual({
      env: expect.objectContaining({ A: "1", HOME: "/workspace", MPLBACKEND: "Agg" }),
      seed: 7,
      files: expect.anything(),
    });
    expect(sandbox?.files.nodes.get("data/a.txt")).toMatchObject({ content: Buffer.from("x"), mode: 0o644 });
    expect(session).toMatchObject({
      state: "idle",
      tenant: "t",
      sandboxId: sandbox?.sandboxId,
      expiresAt: new Date(clock.now() + 5000).toISOString(),
      sequence: 0,
      interpreter: 1,
      resets: 0,
      seed: 7,
      metadata: { run: "3" },
      cohortId: null,
    });
    expect(stores.sessions.live()).toEqual([
      { session, containerId: sandbox?.containerId, env: sandbox?.session?.env, facts: someFacts() },
    ]);
    expect(places()).toBe(1);
  });

  test.each<[string, NewSessionInput, object]>([
    ["an unknown policy", { policy: "nope" }, { code: "not_found" }],
    ["an image that the policy doesn't list", { image: "nope" }, { code: "policy_denied" }],
    ["an image that isn't built", { image: "python-data" }, { code: "not_found" }],
    [
      "files in the way of one another",
      { files: { a: "", "a/b": "" } },
      { code: "invalid_request", issues: [{ field: 'files["a"]' }] },
    ],
  ])("%s is refused before a sandbox is taken", async (_, spec, error) => {
    const { create, runtime, places } = setUp();
    await expect(create(spec)).rejects.toMatchObject(error);
    expect(runtime.creates).toBe(0);
    expect(places()).toBe(0);
  });

  const failing: [string, (sandbox: FakeSandbox) => void, string][] = [
    [
      "whose interpreter can't be opened",
      (sandbox) => {
        sandbox.refusal = new SandboxFault("broke", false);
      },
      "sandbox_failed",
    ],
    [
      "whose files don't fit",
      (sandbox) => {
        sandbox.files.capacityBytes = 0;
      },
      "invalid_request",
    ],
    [
      "whose files can't be written",
      (sandbox) => {
        sandbox.files.write = () => Promise.reject(new SandboxFault("broke", false));
      },
      "sandbox_failed",
    ],
    [
      "of which the launcher refuses the files for another reason",
      (sandbox) => {
        sandbox.files.write = () => Promise.reject(new FileRefused(13, "no"));
      },
      "invalid_request",
    ],
  ];
  test.each(failing)(
    "%s is none: its sandbox is removed and its place given back",
    async (_, onCreate, code) => {
      const { create, runtime, stores, places, sessions } = setUp();
      runtime.onCreate = onCreate;
      await expect(create({ files: { a: "x" } })).rejects.toMatchObject({ code });
      expect(runtime.made.map(({ destroyed }) => destroyed)).toEqual([true]);
      expect(places()).toBe(0);
      expect(sessions.count).toBe(0);
      expect(stores.sessions.live()).toEqual([]);
    },
  );

  test("that can't be stored is none, and that is what its caller hears", async () => {
    const { create, runtime, stores, places, sessions } = setUp();
    stores.sessions.full = true;
    await expect(create()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(runtime.made.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect([places(), sessions.count]).toEqual([0, 0]);
  });

  test("that no sandbox can be made for is none", async () => {
    const { create, runtime, places, clock } = setUp();
    runtime.beforeCreate = () => {
      throw new ServiceError("runtime_unavailable", "the engine is away");
    };
    const refused = expect(create()).rejects.toMatchObject({ code: "runtime_unavailable" });
    for (let attempt = 0; attempt < 3; attempt += 1) await clock.advance(1000);
    await refused;
    expect(places()).toBe(0);
  });

  test("whose caller goes away while its sandbox is made is none", async () => {
    const { create, runtime, places } = setUp();
    runtime.beforeCreate = () => new Promise(() => {});
    const gone = new AbortController();
    const refused = expect(create({}, { signal: gone.signal })).rejects.toThrow();
    await settled();
    gone.abort();
    await refused;
    expect(places()).toBe(0);
  });

  test("whose caller goes away while its files are written is none", async () => {
    const { create, runtime, places, sessions } = setUp();
    const gone = new AbortController();
    runtime.onCreate = ({ files }) => {
      const write = files.write.bind(files);
      files.write = (...given) => {
        gone.abort();
        return write(...given);
      };
    };
    await expect(create({ files: { a: "" } }, { signal: gone.signal })).rejects.toThrow();
    expect(runtime.made.map(({ destroyed }) => destroyed)).toEqual([true]);
    expect([places(), sessions.count]).toEqual([0, 0]);
  });

  test("above its tenant's bound is refused at once, and there is room again after an end", async () => {
    const { create, sessions, runtime } = setUp({ boundsOf: () => ({ sandboxes: 1, queued: 1 }) });
    await create();
    await expect(create({}, { id: "ses_2" })).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(runtime.creates).toBe(1);
    await create({}, { id: "ses_3", tenant: "other" });
    await sessions.close("t", "ses_1");
    expect(await create({}, { id: "ses_4" })).toMatchObject({ state: "idle" });
  });
});

describe("a tenant's place is given back once", () => {
  test.each<[string, (parts: Awaited<ReturnType<typeof inSession>>) => Promise<unknown>]>([
    ["by a close", ({ sessions, id }) => sessions.close("t", id)],
    [
      "by two closes at once",
      ({ sessions, id }) => Promise.all([sessions.close("t", id), sessions.close("t", id)]),
    ],
    ["by the end of all", ({ sessions }) => sessions.endAll("drained")],
    ["by its time's end", ({ clock }) => clock.advance(3_600_000)],
    ["by the sandbox's end", async ({ sandbox }) => sandbox.die()],
    [
      "by the sandbox's end during a close",
      ({ sandbox, sessions, id }) => {
        sandbox.die();
        return sessions.close("t", id);
      },
    ],
    [
      "by a close that can't be stored",
      ({ stores, sessions, id }) => {
        stores.sessions.full = true;
        return sessions.close("t", id).catch(() => {});
      },
    ],
  ])("%s", async (_, end) => {
    const parts = await inSession();
    await parts.aSession();
    expect(parts.admission.of("t").sandboxes).toBe(2);
    await parts.sessions.endAll("closed", "nobody");
    await end(parts);
    await settled();
    const left = parts.sessions.count;
    expect(parts.admission.of("t").sandboxes).toBe(left);
    expect(left).toBeLessThan(2);
    await parts.sessions.endAll("closed");
    expect(parts.admission.of("t").sandboxes).toBe(0);
  });
});

describe("finding sessions", () => {
  test("another tenant's is as if it were not there, alive or ended", async () => {
    const { create, sessions } = setUp();
    await create();
    for (const turn of ["alive", "ended"]) {
      expect(sessions.find("other", "ses_1"), turn).toBeUndefined();
      expect(() => sessions.live("other", "ses_1")).toThrow(expect.objectContaining({ code: "not_found" }));
      await expect(sessions.close("other", "ses_1")).rejects.toMatchObject({ code: "not_found" });
      expect(sessions.list("other", { limit: 9 }).items).toEqual([]);
      expect(sessions.find(undefined, "ses_1")?.id).toBe("ses_1");
      await sessions.close(undefined, "ses_1");
    }
  });

  test("one that ended is still answered, and is closed already", async () => {
    const { create, sessions } = setUp();
    await create();
    const closed = await sessions.close("t", "ses_1");
    expect(closed).toMatchObject({ state: "ended", termination: { reason: "closed" } });
    expect(await sessions.close("t", "ses_1")).toEqual(closed);
    expect(sessions.find("t", "ses_1")).toEqual(closed);
    expect(() => sessions.live("t", "ses_1")).toThrow(expect.objectContaining({ code: "session_ended" }));
  });

  test("a list tells what each is at, and picks by it, page by page", async () => {
    const {
      sessions,
      aSession,
      submit,
      session: busy,
      clock,
    } = await inSession({
      boundsOf: () => ({ sandboxes: 9, queued: 9 }),
    });
    await submit();
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      await clock.advance(1);
      ids.unshift((await aSession()).id);
    }
    await sessions.close("t", ids[1] ?? "");
    const idle = [ids[0], ids[2], ids[3]];
    const idsIn = (items: Session[]) => items.map(({ id }) => id);
    const all = sessions.list("t", { limit: 9 });
    expect(all.items.map(({ state }) => state)).toEqual(["idle", "ended", "idle", "idle", "busy"]);
    expect(idsIn(sessions.list("t", { limit: 9, state: "idle" }).items)).toEqual(idle);
    expect(idsIn(sessions.list("t", { limit: 9, state: "busy" }).items)).toEqual([busy.id]);
    expect(idsIn(sessions.list("t", { limit: 9, state: "ended" }).items)).toEqual([ids[1]]);
    expect(sessions.list("t", { limit: 9, state: "reattaching" })).toEqual({ items: [], nextCursor: null });
    const paged: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = sessions.list("t", { limit: 1, state: "idle", ...(cursor ? { cursor } : {}) });
      paged.push(...idsIn(page.items));
      cursor = page.nextCursor;
    } while (cursor);
    expect(paged).toEqual(idle);
  });
});

describe("CPU time", () => {
  test("is charged by each heartbeat, once", async () => {
    const { sessions, sandbox, charges } = await inSession();
    for (const cpuMs of [100, 250, 250]) {
      sandbox.cpuMs = cpuMs;
      await sessions.heartbeat(100);
    }
    expect(charges.map(({ tenant, cpuMs }) => [tenant, cpuMs])).toEqual([
      ["t", 100],
      ["t", 150],
      ["t", 0],
    ]);
  });

  test("since the last heartbeat is charged when the sandbox goes, by an end or a reset", async () => {
    const { sessions, session, id, sandbox, runtime, charges } = await inSession();
    sandbox.cpuMs = 100;
    await sessions.reset(session, { seed: null, files: {} }, never);
    const next = runtime.made[1] as FakeSandbox;
    next.cpuMs = 30;
    await sessions.heartbeat(100);
    next.cpuMs = 50;
    await sessions.close("t", id);
    expect(charges.map(({ cpuMs }) => cpuMs)).toEqual([100, 30, 20]);
  });

  test("of a counter that went back is not given back", async () => {
    const { sessions, sandbox, charges } = await inSession();
    sandbox.cpuMs = 100;
    await sessions.heartbeat(100);
    sandbox.cpuMs = 40;
    await sessions.heartbeat(100);
    expect(charges.map(({ cpuMs }) => cpuMs)).toEqual([100, 0]);
  });

  test("is not asked for while there is no link, and one that doesn't answer keeps nobody from being asked", async () => {
    const { sessions, sandbox, aSession, charges, faults } = await inSession();
    const other = await aSession();
    sandbox.attached = false;
    other.sandbox.answersPing = false;
    const third = await aSession();
    third.sandbox.cpuMs = 5;
    await sessions.heartbeat(100);
    expect(charges).toEqual([{ tenant: "t", cpuMs: 5, bytes: 0 }]);
    expect(faults).toEqual([new Error("no answer")]);
  });
});

test("all of a tenant's end with its quota, and nobody else's", async () => {
  const { aSession, sessions } = setUp();
  const [mine, also, other] = [await aSession(), await aSession(), await aSession({}, "other")];
  await sessions.endAll("quota", "t");
  for (const { id } of [mine, also]) expect(sessions.find("t", id)?.termination?.reason).toBe("quota");
  expect(sessions.find("other", other.id)?.state).toBe("idle");
  expect(sessions.endings("quota")).toBe(2);
});
