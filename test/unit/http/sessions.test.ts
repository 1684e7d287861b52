import { describe, expect, test } from "vitest";
import { executionSchema, pendingExecutionSchema } from "../../../src/domain/execution.ts";
import { sessionSchema } from "../../../src/domain/session.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { type Ask, EventReader, eventsOf, httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const action = { code: "1" };
const later = { prefer: "respond-async" };

const setUp = (settings: Parameters<typeof httpApp>[0] = {}) => {
  const parts = httpApp(settings);
  const create = (body: object = {}, rest: Ask = {}) => parts.json("POST", "/v1/sessions", { body, ...rest });
  /** A session with something that runs. */
  const busy = async () => {
    const runs = parts.held();
    const path = await parts.aSession();
    const { body } = await parts.json("POST", `${path}/executions`, { body: action, headers: later });
    await settled();
    return { path, runs, execution: `/v1/executions/${body.id}` };
  };
  return { ...parts, create, busy };
};

describe("POST /v1/sessions", () => {
  test("makes one and says where it is", async () => {
    const { create, json } = setUp();
    const { status, headers, body } = await create({
      env: { A: "1" },
      metadata: { a: "b" },
      seed: 3,
      ttlMs: 5000,
    });
    expect(status).toBe(201);
    expect(sessionSchema.strict().parse(body)).toMatchObject({
      state: "idle",
      tenant: "t",
      seed: 3,
      ttlMs: 5000,
    });
    expect(body).not.toHaveProperty("env");
    expect(headers.get("location")).toBe(`/v1/sessions/${body.id}`);
    expect((await json("GET", `/v1/sessions/${body.id}`)).body).toEqual(body);
  });

  test.each([
    [{ ttlMs: 10 }, "ttlMs"],
    [{ idleMs: "x" }, "idleMs"],
    [{ ttl: 1 }, "ttl"],
    [{ env: { "A-B": "" } }, 'env["A-B"]'],
    [{ files: { "../a": "" } }, 'files["../a"]'],
    [{ files: { a: "", "a/b": "" } }, 'files["a"]'],
    [{ metadata: { a: 1 } }, "metadata.a"],
    [{ metadata: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, ""])) }, "metadata"],
  ])("%j gets 400 that names %s", async (body, field) => {
    const { create, runtime } = setUp();
    const { status, body: problem } = await create(body);
    expect([status, problem.issues?.[0]?.field]).toEqual([400, field]);
    expect(runtime.creates).toBe(0);
  });

  test.each([
    [{ policy: "nope" }, 404, "not_found"],
    [{ image: "nope" }, 403, "policy_denied"],
  ])("%j gets %i %s", async (body, status, code) => {
    expect(await setUp().create(body)).toMatchObject({ status, body: { code } });
  });

  test("above the tenant's bound gets 503, and what can't be stored is none", async () => {
    const { create, stores } = setUp({ engine: { boundsOf: () => ({ sandboxes: 1, queued: 1 }) } });
    stores.sessions.full = true;
    expect(await create()).toMatchObject({ status: 503, body: { code: "store_unavailable" } });
    stores.sessions.full = false;
    await create();
    expect(await create()).toMatchObject({ status: 503, body: { code: "capacity_exhausted" } });
  });

  test("with a key makes one, and answers the same session again, as it is", async () => {
    const { create, ask, runtime, json } = setUp();
    const headers = { "idempotency-key": "k" };
    const [first, second] = await Promise.all([create({}, { headers }), create({}, { headers })]);
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
    expect(runtime.creates).toBe(1);
    expect(await create({ seed: 1 }, { headers })).toMatchObject({ status: 409 });
    await ask("DELETE", `/v1/sessions/${first.body.id}`);
    expect((await create({}, { headers })).body).toMatchObject({ id: first.body.id, state: "ended" });
    expect((await json("GET", "/v1/sessions")).body.items).toHaveLength(1);
  });

  test("whose caller goes away is none", async () => {
    const { ask, sessions, runtime, admission } = setUp();
    runtime.beforeCreate = () => new Promise(() => {});
    const gone = new AbortController();
    const answer = ask("POST", "/v1/sessions", { body: {}, signal: gone.signal }).catch(() => {});
    await settled();
    gone.abort();
    await answer;
    expect([sessions.count, admission.of("t").sandboxes]).toEqual([0, 0]);
  });
});

describe("a session that is there", () => {
  test("is changed", async () => {
    const { aSession, json } = setUp();
    const path = await aSession();
    const { status, body } = await json("PATCH", path, { body: { ttlMs: 5000, metadata: { step: "2" } } });
    expect([status, body.ttlMs, body.metadata]).toEqual([200, 5000, { step: "2" }]);
    for (const [change, field] of [
      [{ ttlMs: 1 }, "ttlMs"],
      [{ seed: 1 }, "seed"],
      [{ idleMs: null }, "idleMs"],
    ] as const) {
      expect(await json("PATCH", path, { body: change })).toMatchObject({
        status: 400,
        body: { issues: [{ field }] },
      });
    }
  });

  test("is closed, and closed again, and then answers why it ended", async () => {
    const { aSession, json } = setUp();
    const path = await aSession();
    const first = await json("DELETE", path);
    expect(first).toMatchObject({
      status: 200,
      body: { state: "ended", termination: { reason: "closed", infra: false } },
    });
    expect(await json("DELETE", path)).toMatchObject({ status: 200, body: first.body });
    expect((await json("GET", path)).body).toEqual(first.body);
    const refused: [string, string, unknown][] = [
      ["PATCH", "", {}],
      ["POST", "/executions", action],
      ["POST", "/interrupt", undefined],
      ["POST", "/cancel", undefined],
      ["POST", "/reset", {}],
      ["GET", "/files", undefined],
    ];
    for (const [method, rest, body] of refused) {
      expect(await json(method, path + rest, { body })).toMatchObject({
        status: 410,
        body: { code: "session_ended" },
      });
    }
  });

  test("tells how its sandbox died", async () => {
    const { aSession, json, runtime } = setUp();
    const path = await aSession();
    const [sandbox] = runtime.made;
    if (sandbox) sandbox.death = { cause: "memory", detail: "the kernel ended it for memory" };
    sandbox?.die();
    await settled();
    expect((await json("GET", path)).body.termination).toMatchObject({
      reason: "memory",
      detail: "the kernel ended it for memory",
    });
  });

  test("is not there under another name", async () => {
    const { json } = setUp();
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/interrupt"],
    ]) {
      expect(await json(method ?? "", `/v1/sessions/ses_0${path}`)).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    }
  });
});

describe("GET /v1/sessions", () => {
  test("lists what there is and was, and picks by state, cohort, time and tenant", async () => {
    const { busy, aSession, json, clock, keyOf } = setUp();
    const { path } = await busy();
    await clock.advance(1000);
    const ended = await aSession();
    await json("DELETE", ended);
    const { body: cohort } = await json("POST", "/v1/cohorts", { body: { size: 2, session: {} } });
    await aSession({}, { key: keyOf("submitter", "other") });
    const count = async (query: string, key = keyOf("admin")) =>
      (await json("GET", `/v1/sessions?${query}`, { key })).body.items.length;
    const { createdAt } = (await json("GET", path)).body;
    expect(await count("")).toBe(5);
    expect(await count("", keyOf())).toBe(4);
    expect(await count("state=busy")).toBe(1);
    expect(await count("state=idle")).toBe(3);
    expect(await count("state=ended")).toBe(1);
    expect(await count(`cohort=${cohort.id}`)).toBe(2);
    expect(await count("tenant=other")).toBe(1);
    expect(await count(`createdBefore=${createdAt}`)).toBe(1);
    expect(await count("limit=2")).toBe(2);
    const [{ state } = { state: "" }] = (await json("GET", `/v1/sessions?createdBefore=${createdAt}`)).body
      .items;
    expect(state).toBe("busy");
  });

  test.each([
    ["state=asleep", "state"],
    ["limit=-1", "limit"],
    [`cohort=${"x".repeat(65)}`, "cohort"],
    ["createdAfter=1", "createdAfter"],
  ])("%s gets 400 that names %s", async (query, field) => {
    const { status, body } = await setUp().json("GET", `/v1/sessions?${query}`);
    expect([status, body.issues?.[0]?.field]).toEqual([400, field]);
  });
});

describe("POST /v1/sessions/{id}/executions", () => {
  test("answers what came of it, in which interpreter, and at which place", async () => {
    const { aSession, json } = setUp();
    const path = await aSession();
    for (const sequence of [1, 2]) {
      const { status, headers, body } = await json("POST", `${path}/executions`, { body: action });
      expect(status).toBe(200);
      expect(executionSchema.parse(body).session).toMatchObject({ id: path.split("/").at(-1), sequence });
      expect((await json("GET", headers.get("location") ?? "")).body).toEqual(body);
    }
  });

  test("answers later, or as events, where it is asked to", async () => {
    const { aSession, json, ask } = setUp();
    const path = `${await aSession()}/executions`;
    const pending = await json("POST", path, { body: action, headers: later });
    expect(pending.status).toBe(202);
    pendingExecutionSchema.strict().parse(pending.body);
    const events = await eventsOf(
      await ask("POST", path, { body: action, headers: { accept: "text/event-stream" } }),
    );
    expect(events.map(({ event }) => event)).toEqual(["started", "stdout", "finished"]);
  });

  test.each([
    [{}, "(body)"],
    [{ code: "", shell: "ls" }, "(body)"],
    [{ argv: [], code: undefined }, "argv"],
    [{ argv: ["ls"], fresh: true }, "fresh"],
    [{ code: "", files: {} }, "files"],
    [{ code: "", limits: { wallMs: 99_999 } }, "limits.wallMs"],
  ])("%j gets 400 that names %s", async (body, field) => {
    const { aSession, json, runtime } = setUp();
    const answer = await json("POST", `${await aSession()}/executions`, { body });
    expect([answer.status, answer.body.issues?.[0]?.field]).toEqual([400, field]);
    expect(runtime.made[0]?.runs).toBe(0);
  });

  test("a caller that goes away cancels nothing, in whatever way it asked", async () => {
    for (const headers of [{}, { accept: "text/event-stream" }] as Record<string, string>[]) {
      const { aSession, ask, json, held } = setUp();
      const runs = held();
      const path = await aSession();
      const gone = new AbortController();
      const answer = ask("POST", `${path}/executions`, { body: action, headers, signal: gone.signal }).catch(
        () => {},
      );
      await settled();
      gone.abort();
      await settled();
      expect((await json("GET", path)).body.state).toBe("busy");
      await runs.last.end(aReport("kept"));
      await answer;
      expect((await json("GET", `/v1/executions/${runs.last.request.id}`)).body).toMatchObject({
        observation: { outcome: "ok", stdout: "kept" },
      });
    }
  });

  test("with a key runs once; a fault frees the key", async () => {
    const { aSession, json, runtime } = setUp();
    const path = `${await aSession()}/executions`;
    const headers = { "idempotency-key": "k" };
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    expect((await json("POST", path, { body: action, headers })).status).toBe(502);
    runtime.run = async () => aReport("x");
    const [first, second] = await Promise.all(
      [1, 2].map(() => json("POST", path, { body: action, headers })),
    );
    expect(second?.body).toEqual(first?.body);
    expect(first?.body.session.sequence).toBe(2);
  });

  test("a queue that is full gets 503", async () => {
    const { busy, json } = setUp({ engine: { maxQueued: 0 } });
    const { path } = await busy();
    expect(await json("POST", `${path}/executions`, { body: action })).toMatchObject({
      status: 503,
      body: { code: "capacity_exhausted" },
    });
  });
});

describe.each([["interrupt"], ["cancel"]])("POST /v1/sessions/{id}/%s", (name) => {
  test("tells what runs", async () => {
    const { busy, json, runtime } = setUp();
    const { path, execution } = await busy();
    const { status, body } = await json("POST", `${path}/${name}`);
    expect([status, body.state]).toEqual([200, "busy"]);
    await settled();
    expect(runtime.made[0]?.interrupted.length).toBe(name === "interrupt" ? 1 : 0);
    const record = (await json("GET", execution)).body;
    if (name === "interrupt") expect(record.status).toBe("running");
    else
      expect(record).toMatchObject({ observation: { outcome: "cancelled" }, session: { stateLost: true } });
  });

  test("is a conflict where nothing runs, also for a copy that came at the same time", async () => {
    const { aSession, json } = setUp();
    const path = `${await aSession()}/${name}`;
    const headers = { "idempotency-key": "k" };
    const answers = await Promise.all([1, 2].map(() => json("POST", path, { headers })));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [409, "conflict"],
      [409, "conflict"],
    ]);
  });
});

describe("POST /v1/sessions/{id}/reset", () => {
  test("begins anew, with or without a body", async () => {
    const { aSession, json, runtime } = setUp();
    const path = await aSession({ seed: 1 });
    const first = await json("POST", `${path}/reset`);
    expect(first).toMatchObject({ status: 200, body: { sequence: 0, resets: 1, seed: null, state: "idle" } });
    const second = await json("POST", `${path}/reset`, { body: { seed: 4, files: { a: "x" } } });
    expect(second.body).toMatchObject({ resets: 2, seed: 4 });
    expect(second.body.sandboxId).not.toBe(first.body.sandboxId);
    expect([...(runtime.made[2]?.files.nodes.keys() ?? [])]).toEqual(["a"]);
  });

  test.each([
    [{ seed: -1 }, "seed"],
    [{ env: {} }, "env"],
    [{ files: { "a//b": "" } }, 'files["a//b"]'],
    [{ files: { a: "", "a/b": "" } }, 'files["a"]'],
  ])("%j gets 400 that names %s, and nothing is cancelled", async (body, field) => {
    const { busy, json } = setUp();
    const { path, execution } = await busy();
    const answer = await json("POST", `${path}/reset`, { body });
    expect([answer.status, answer.body.issues?.[0]?.field]).toEqual([400, field]);
    expect((await json("GET", execution)).body.status).toBe("running");
  });

  test("with a key happens once", async () => {
    const { aSession, json } = setUp();
    const path = `${await aSession()}/reset`;
    const headers = { "idempotency-key": "k" };
    const answers = await Promise.all([1, 2].map(() => json("POST", path, { headers })));
    expect(answers.map(({ body }) => body.resets)).toEqual([1, 1]);
  });

  test("while another one takes place is a conflict, and so are executions and files", async () => {
    const { aSession, json, ask, runtime } = setUp();
    const path = await aSession();
    const held = Promise.withResolvers<void>();
    runtime.beforeCreate = () => held.promise;
    const resetting = json("POST", `${path}/reset`);
    await settled();
    expect((await json("GET", path)).body.state).toBe("resetting");
    for (const [method, rest, body] of [
      ["POST", "/reset", undefined],
      ["POST", "/executions", action],
      ["GET", "/files", undefined],
    ] as const) {
      expect(await json(method, path + rest, { body })).toMatchObject({
        status: 409,
        body: { code: "conflict" },
      });
    }
    expect((await ask("PUT", `${path}/files/a`, { body: "x" })).status).toBe(409);
    held.resolve();
    expect((await resetting).body.resets).toBe(1);
  });

  test("that can't have a sandbox leaves the session as it was", async () => {
    const { aSession, json, runtime } = setUp();
    const path = await aSession();
    const before = (await json("GET", path)).body;
    runtime.onCreate = (sandbox) => {
      sandbox.refusal = new SandboxFault("broke", false);
    };
    expect(await json("POST", `${path}/reset`)).toMatchObject({
      status: 502,
      body: { code: "sandbox_failed" },
    });
    expect((await json("GET", path)).body).toEqual(before);
  });
});

test("a stream of a session's run is told what a reset did to it", async () => {
  const { aSession, ask, json, held } = setUp();
  held();
  const path = await aSession();
  const reader = new EventReader(
    await ask("POST", `${path}/executions`, { body: action, headers: { accept: "text/event-stream" } }),
  );
  await reader.next();
  await json("POST", `${path}/reset`);
  const [{ event, data } = { event: "", data: "" }] = await reader.rest();
  expect(event).toBe("finished");
  expect(JSON.parse(data ?? "").execution.observation.outcome).toBe("cancelled");
});
