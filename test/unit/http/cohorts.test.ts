import { describe, expect, test } from "vitest";
import { cohortSchema } from "../../../src/domain/cohort.ts";
import { sessionSchema } from "../../../src/domain/session.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { type Ask, EventReader, eventsOf, httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const body = { size: 2, session: { seed: 1 } };
const sse = { accept: "text/event-stream" };

const setUp = (settings: Parameters<typeof httpApp>[0] = {}) => {
  const parts = httpApp(settings);
  const create = (rest: Ask = {}) => parts.json("POST", "/v1/cohorts", { body, ...rest });
  const stream = (rest: Ask = {}) =>
    parts.ask("POST", "/v1/cohorts", { body, ...rest, headers: { ...sse, ...rest.headers } });
  const breakOn = (nth: number) => {
    let made = 0;
    parts.runtime.onCreate = (sandbox) => {
      made += 1;
      if (made === nth) sandbox.refusal = new SandboxFault("broke", false);
    };
  };
  return { ...parts, create, stream, breakOn };
};

describe("POST /v1/cohorts", () => {
  test("answers when all are ready, and says where it is", async () => {
    const { create, json } = setUp();
    const { status, headers, body: cohort } = await create();
    expect(status).toBe(201);
    expect(cohortSchema.strict().parse(cohort).sessions).toHaveLength(2);
    expect(headers.get("location")).toBe(`/v1/cohorts/${cohort.id}`);
    expect((await json("GET", `/v1/cohorts/${cohort.id}`)).body).toEqual(cohort);
  });

  test.each([
    [{ size: 0, session: {} }, "size"],
    [{ size: 2 }, "session"],
    [{ size: 2, session: { ttlMs: 1 } }, "session.ttlMs"],
    [{ size: 2, session: { code: "" } }, "session.code"],
    [{ size: 2, session: { files: { a: "", "a/b": "" } } }, 'files["a"]'],
    [{ size: 2, session: {}, deadline: 5 }, "deadline"],
  ])("%j gets 400 that names %s", async (spec, field) => {
    const { create, runtime } = setUp();
    const answer = await create({ body: spec });
    expect([answer.status, answer.body.issues?.[0]?.field]).toEqual([400, field]);
    expect(runtime.creates).toBe(0);
  });

  test("a spec with too many names is refused before its schema walks it", async () => {
    const { create } = setUp({ http: { maxBodyBytes: 100_000 } });
    const files = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`k${n}`, ""]));
    const { status, body: problem } = await create({ body: { size: 1, session: { files } } });
    expect([status, problem.issues]).toMatchObject([
      400,
      [{ field: "session.files", message: expect.stringContaining("not 2000") }],
    ]);
  });

  test("is none where one session can't be had", async () => {
    const { create, breakOn, sessions, admission } = setUp();
    breakOn(2);
    expect(await create()).toMatchObject({ status: 502, body: { code: "sandbox_failed", infra: true } });
    expect([sessions.count, admission.of("t").sandboxes]).toEqual([0, 0]);
  });

  test("with a key is made once, and answered again as it is", async () => {
    const { create, runtime, json } = setUp();
    const headers = { "idempotency-key": "k" };
    const [first, second] = await Promise.all([create({ headers }), create({ headers })]);
    expect(second.body).toEqual(first.body);
    expect(runtime.creates).toBe(2);
    expect((await create({ headers, body: { ...body, size: 3 } })).status).toBe(409);
    await json("DELETE", `/v1/cohorts/${first.body.id}`);
    expect((await create({ headers })).body.sessions[0].state).toBe("ended");
  });

  test("whose caller goes away is none", async () => {
    const { ask, sessions, admission, runtime } = setUp();
    runtime.beforeCreate = () => new Promise(() => {});
    const gone = new AbortController();
    const answer = ask("POST", "/v1/cohorts", { body, signal: gone.signal }).catch(() => {});
    await settled();
    gone.abort();
    await answer;
    expect([sessions.count, admission.of("t").sandboxes]).toEqual([0, 0]);
  });
});

describe("as events", () => {
  test("tells each session as it is ready, then the cohort", async () => {
    const { stream, json } = setUp();
    const events = await eventsOf(await stream());
    expect(events.map(({ event }) => event)).toEqual(["ready", "ready", "cohort"]);
    const ready = events.slice(0, 2).map(({ data }) => JSON.parse(data ?? ""));
    expect(ready.map(({ index }) => index).toSorted()).toEqual([0, 1]);
    for (const { session } of ready) sessionSchema.strict().parse(session);
    const cohort = cohortSchema.strict().parse(JSON.parse(events[2]?.data ?? ""));
    expect((await json("GET", `/v1/cohorts/${cohort.id}`)).body).toEqual(cohort);
  });

  test("ends with the error where it is none", async () => {
    const { stream, breakOn, sessions, errors } = setUp();
    breakOn(2);
    const events = await eventsOf(await stream());
    expect(events.at(-1)?.event).toBe("error");
    expect(JSON.parse(events.at(-1)?.data ?? "")).toMatchObject({ code: "sandbox_failed", infra: true });
    expect([sessions.count, errors]).toEqual([0, []]);
  });

  test("what is wrong with the request is a problem, not an event", async () => {
    const { stream } = setUp();
    expect((await stream({ body: { size: 2 } })).status).toBe(400);
    expect((await stream({ headers: { "idempotency-key": "a b" } })).status).toBe(400);
  });

  test("whose reader goes away is none", async () => {
    const { stream, sessions, admission, runtime } = setUp();
    const held: PromiseWithResolvers<void>[] = [];
    runtime.beforeCreate = () => {
      held.push(Promise.withResolvers<void>());
      return held.at(-1)?.promise;
    };
    const reader = new EventReader(await stream());
    await settled();
    held[0]?.resolve();
    expect(await reader.next()).toMatchObject({ event: "ready" });
    await reader.leave();
    held[1]?.resolve();
    await settled();
    expect([sessions.count, admission.of("t").sandboxes]).toEqual([0, 0]);
  });

  test("of one that was made is told again with the key, without what was ready when", async () => {
    const { stream, create } = setUp();
    const headers = { "idempotency-key": "k" };
    const { body: cohort } = await create({ headers });
    const events = await eventsOf(await stream({ headers }));
    expect(events.map(({ event, data }) => [event, JSON.parse(data ?? "").id])).toEqual([
      ["cohort", cohort.id],
    ]);
  });
});

describe("a cohort that is there", () => {
  test("is closed with all its sessions, also with those that ended before", async () => {
    const { create, json } = setUp();
    const { body: cohort } = await create();
    await json("DELETE", `/v1/sessions/${cohort.sessions[0].id}`);
    const closed = await json("DELETE", `/v1/cohorts/${cohort.id}`);
    expect(closed.status).toBe(200);
    expect(closed.body.sessions.map(({ state }: { state: string }) => state)).toEqual(["ended", "ended"]);
    expect((await json("DELETE", `/v1/cohorts/${cohort.id}`)).body).toEqual(closed.body);
  });

  test("is not there under another name", async () => {
    const { json } = setUp();
    for (const method of ["GET", "DELETE"]) {
      expect(await json(method, "/v1/cohorts/coh_0")).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    }
  });
});
