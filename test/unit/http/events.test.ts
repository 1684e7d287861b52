import { describe, expect, test } from "vitest";
import { executionEventSchemas } from "../../../src/domain/execution-event.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { shutDown } from "../../support/engine.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { type Ask, EventReader, eventsOf, httpApp, type SentEvent } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const body = { code: "print(1)" };
const sse = { accept: "text/event-stream" };

const setUp = () => {
  const parts = httpApp();
  const { ask } = parts;
  const submit = (rest: Ask = {}) =>
    ask("POST", "/v1/executions", { body, ...rest, headers: { ...sse, ...rest.headers } });
  const begin = async () => {
    const { body: pending } = await parts.json("POST", "/v1/executions", {
      body,
      headers: { prefer: "respond-async" },
    });
    await settled();
    return `/v1/executions/${pending.id}`;
  };
  const say = (text: string) => ({ type: "stdout" as const, data: Buffer.from(text) });
  return { ...parts, submit, begin, say };
};

const typesOf = (events: SentEvent[]) => events.map(({ event }) => event);
const idsOf = (events: SentEvent[]) => events.map(({ id }) => Number(id));

describe("an execution as events", () => {
  test("is told as it comes, each event numbered, typed and on one line of JSON", async () => {
    const { submit, held, say, json } = setUp();
    const runs = held();
    const response = await submit();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const reader = new EventReader(response);
    expect(await reader.next()).toMatchObject({ id: "1", event: "started" });
    runs.last.say(say("a\nb"));
    expect(await reader.next()).toEqual({ id: "2", event: "stdout", data: '{"text":"a\\nb"}' });
    runs.last.say({ type: "stderr", data: Buffer.from([255]) });
    const result = { forms: [{ mime: "text/plain", data: Buffer.from("3"), truncated: false }] };
    runs.last.say({ type: "result", result });
    const files = [{ path: "out.txt", content: Buffer.from("x") }];
    await runs.last.end({ ...aReport("a\nb"), outputs: { files, skipped: [] } });
    const rest = await reader.rest();
    expect(typesOf(rest)).toEqual(["stderr", "result", "file", "finished"]);
    expect(idsOf(rest)).toEqual([3, 4, 5, 6]);
    for (const { event, data } of rest) {
      const schema = executionEventSchemas[event as keyof typeof executionEventSchemas];
      schema.parse(JSON.parse(data ?? ""));
    }
    const { execution } = JSON.parse(rest.at(-1)?.data ?? "");
    expect((await json("GET", response.headers.get("location") ?? "")).body).toEqual(execution);
  });

  test("that fails ends with its error", async () => {
    const { submit, held } = setUp();
    const runs = held();
    const response = await submit();
    await settled();
    await runs.last.fail(new SandboxFault("inner", true));
    const events = await eventsOf(response);
    expect(typesOf(events)).toEqual(["started", "error"]);
    expect(JSON.parse(events[1]?.data ?? "")).toMatchObject({
      code: "sandbox_failed",
      retryable: true,
      infra: true,
    });
    expect(events[1]?.data).not.toContain("inner");
  });

  test("that is refused is a problem, not a stream", async () => {
    const { submit } = setUp();
    const response = await submit({ body: { code: 1 } });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      400,
      "application/problem+json",
    ]);
  });

  test("with an event id that is none is refused before anything runs", async () => {
    const { submit, runtime } = setUp();
    expect((await submit({ headers: { "last-event-id": "x" } })).status).toBe(400);
    expect(runtime.creates).toBe(0);
  });

  test("goes on when its reader leaves, and can be read again from where that one was", async () => {
    const { submit, held, say, ask } = setUp();
    const runs = held();
    const gone = new AbortController();
    const response = await submit({ signal: gone.signal });
    const reader = new EventReader(response);
    await reader.next();
    runs.last.say(say("a"));
    const last = await reader.next();
    gone.abort();
    await reader.leave();
    runs.last.say(say("b"));
    const path = `${response.headers.get("location")}/events`;
    const again = await ask("GET", path, { headers: { "last-event-id": (last as SentEvent).id ?? "" } });
    const rest = eventsOf(again);
    await settled();
    await runs.last.end(aReport("ab"));
    expect((await rest).map(({ id, event }) => [id, event])).toEqual([
      ["3", "stdout"],
      ["4", "finished"],
    ]);
  });

  test("with a key is told again to whoever asks again, live and afterwards", async () => {
    const { submit, held, runtime } = setUp();
    const runs = held();
    const headers = { "idempotency-key": "k" };
    const first = await submit({ headers });
    const second = await submit({ headers });
    await settled();
    await runs.last.end();
    const third = await submit({ headers });
    const told = await Promise.all([first, second, third].map(eventsOf));
    expect(told[0]).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
    expect(runtime.creates).toBe(1);
  });
});

describe("GET /v1/executions/{id}/events", () => {
  const finished = async () => {
    const parts = setUp();
    const path = `${await parts.begin()}/events`;
    const read = async (query = "", headers: Record<string, string> = {}) =>
      await eventsOf(await parts.ask("GET", path + query, { headers }));
    return { ...parts, path, read };
  };

  test("tells a finished execution from the event that is named, by header or query", async () => {
    const { read } = await finished();
    const all = await read();
    expect(typesOf(all)).toEqual(["started", "stdout", "finished"]);
    expect(await read("?after=1")).toEqual(all.slice(1));
    expect(await read("", { "last-event-id": "2" })).toEqual(all.slice(2));
    expect(await read("?after=0", { "last-event-id": "2" })).toEqual(all.slice(2));
    expect(await read("?after=3")).toEqual([]);
    expect(await read("?after=99")).toEqual([]);
  });

  test.each([
    ["?after=x", {}, "after"],
    ["?after=-1", {}, "after"],
    ["?after=1.5", {}, "after"],
    ["", { "last-event-id": "one" }, "Last-Event-ID"],
    ["", { "last-event-id": "9".repeat(16) }, "Last-Event-ID"],
  ])("%s %j gets 400 that names %s", async (query, headers, field) => {
    const { json, path } = await finished();
    const { status, body: problem } = await json("GET", path + query, { headers });
    expect([status, problem.issues?.[0]?.field]).toEqual([400, field]);
  });

  test("of one that failed is its error, and for who has had that, nothing more that is wrong", async () => {
    const { begin, runtime, ask } = setUp();
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    const events = await eventsOf(await ask("GET", `${await begin()}/events`));
    expect(events).toMatchObject([{ id: "1", event: "error" }]);
  });

  test("serves readers of one live execution at their own speeds", async () => {
    const { begin, held, say, ask } = setUp();
    const runs = held();
    const path = `${await begin()}/events`;
    const [fast, slow, idle] = [await ask("GET", path), await ask("GET", path), await ask("GET", path)];
    const slowReader = new EventReader(slow);
    await slowReader.next();
    for (let n = 0; n < 3; n += 1) runs.last.say(say(`${n}`));
    await runs.last.end(aReport("012"));
    expect(idsOf(await eventsOf(fast))).toEqual([1, 2, 3, 4, 5]);
    expect(idsOf(await slowReader.rest())).toEqual([2, 3, 4, 5]);
    await idle.body?.cancel();
  });

  test("of one that goes on in another process breaks off without an end", async () => {
    const { aSession, held, ask, json, sessions, errors } = setUp();
    held();
    const session = await aSession();
    const { body: pending } = await json("POST", `${session}/executions`, {
      body,
      headers: { prefer: "respond-async" },
    });
    await settled();
    const path = `/v1/executions/${pending.id}/events`;
    const readers = [
      new EventReader(await ask("GET", path)),
      new EventReader(await ask("GET", `${path}?after=1`)),
    ];
    expect(await readers[0]?.next()).toMatchObject({ event: "started" });
    const rests = readers.map((reader) => expect(reader.rest()).rejects.toThrow("before its end was known"));
    await settled();
    sessions.release(shutDown);
    await Promise.all(rests);
    expect(errors).toEqual([]);
  });
});
