import { describe, expect, test } from "vitest";
import { batchLineSchema } from "../../../src/domain/batch.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { Mailbox } from "../../../src/http/routes/mailbox.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { type Ask, EventReader, eventsOf, httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const items = (...ids: string[]) => ({ items: ids.map((id) => ({ id, action: { code: `"${id}"` } })) });

const setUp = (settings: Parameters<typeof httpApp>[0] = {}) => {
  const parts = httpApp(settings);
  const send = (body: unknown, rest: Ask = {}) => parts.ask("POST", "/v1/batches", { body, ...rest });
  const linesOf = async (response: Response) =>
    (await response.text())
      .trimEnd()
      .split("\n")
      .map((line) => batchLineSchema.parse(JSON.parse(line)));
  return { ...parts, send, linesOf };
};

describe("POST /v1/batches", () => {
  test("answers a line for each item as it ends, and a last one that counts", async () => {
    const { send, linesOf, runtime, json } = setUp();
    runtime.run = async ({ code }) => {
      if (code.includes("bad")) throw new SandboxFault("broke", true);
      return aReport("x");
    };
    const response = await send(items("a", "bad", "c"));
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
    const lines = await linesOf(response);
    expect(lines).toHaveLength(4);
    expect(lines).toContainEqual({
      id: "bad",
      error: expect.objectContaining({ code: "sandbox_failed", infra: true }),
    });
    expect(lines.at(-1)).toEqual({ done: 2, failed: 1 });
    const [first] = lines.filter((line) => "execution" in line);
    const { execution } = first as { execution: { id: string } };
    expect((await json("GET", `/v1/executions/${execution.id}`)).body).toEqual(execution);
  });

  test("answers as events where it is asked to", async () => {
    const { send } = setUp();
    const events = await eventsOf(await send(items("a", "b"), { headers: { accept: "text/event-stream" } }));
    expect(events.map(({ event }) => event)).toEqual(["item", "item", "done"]);
    expect(events.at(-1)?.data).toBe('{"done":2,"failed":0}');
  });

  test.each([
    [{}, "items"],
    [items(), "items"],
    [items("a", "a"), "items"],
    [items("a b"), "items[0].id"],
    [{ items: [{ id: "a", action: { code: 1 } }] }, "items[0].action.code"],
    [{ items: [{ id: "a", action: { code: "", timeout: 1 } }] }, "items[0].action.timeout"],
    [{ items: [{ id: "a", action: { code: "" }, tag: 1 }] }, "items[0].tag"],
    [{ ...items("a"), name: "x" }, "name"],
    [{ items: [{ id: "a", action: { code: "", files: { "../x": "" } } }] }, 'items[0].action.files["../x"]'],
  ])("%j gets 400 that names %s, and nothing runs", async (body, field) => {
    const { send, runtime } = setUp();
    const response = await send(body);
    const problem = problemSchema.parse(await response.json());
    expect([response.status, problem.issues?.[0]?.field]).toEqual([400, field]);
    expect(runtime.creates).toBe(0);
  });

  test("an item with too many names is refused before its schema walks it", async () => {
    const { send } = setUp({ http: { maxBodyBytes: 100_000 } });
    const env = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`K${n}`, ""]));
    const response = await send({ items: [...items("a").items, { id: "b", action: { code: "", env } }] });
    expect(problemSchema.parse(await response.json()).issues).toMatchObject([
      { field: "items[1].action.env", message: expect.stringContaining("not 2000") },
    ]);
  });

  test("the same ids again bring the same executions", async () => {
    const { send, linesOf, runtime } = setUp();
    const [first, second] = [
      await linesOf(await send(items("a", "b"))),
      await linesOf(await send(items("a", "b"))),
    ];
    expect(second).toEqual(expect.arrayContaining(first));
    expect(runtime.creates).toBe(2);
  });

  test("with a key answers the same again, and another body is a conflict", async () => {
    const { send, linesOf, runtime } = setUp();
    const headers = { "idempotency-key": "k" };
    const first = await linesOf(await send(items("a", "b"), { headers }));
    expect(await linesOf(await send(items("a", "b"), { headers }))).toEqual(expect.arrayContaining(first));
    expect(runtime.creates).toBe(2);
    expect((await send(items("c"), { headers })).status).toBe(409);
    expect((await send(items("c"), { headers: { "idempotency-key": "a b" } })).status).toBe(400);
  });
});

describe("a reader", () => {
  test("that takes no more lines keeps further items from beginning, and that takes them lets them", async () => {
    const { send, runtime } = setUp();
    const reader = new EventReader(
      await send(items("a", "b", "c", "d", "e", "f"), { headers: { accept: "text/event-stream" } }),
    );
    await settled();
    await settled();
    expect(runtime.creates).toBe(2);
    await reader.next();
    await settled();
    await settled();
    expect(runtime.creates).toBe(3);
    expect(await reader.rest()).toHaveLength(6);
    expect(runtime.creates).toBe(6);
  });

  test("that goes away keeps what has not begun from beginning", async () => {
    const { send, held, errors, stores } = setUp();
    const runs = held();
    const reader = new EventReader(await send(items("a", "b", "c")));
    await settled();
    await reader.leave();
    for (const { end } of runs.begun) await end();
    await settled();
    expect([runs.begun.length, errors]).toEqual([2, []]);
    expect(stores.executions.list("t", { limit: 9, status: "finished" }).items).toHaveLength(2);
  });

  test("that was gone before the first line keeps all from beginning", async () => {
    const { send, runtime } = setUp();
    const response = await send(items("a", "b"), { signal: AbortSignal.abort() });
    await response.text().catch(() => {});
    await settled();
    expect(runtime.creates).toBe(0);
  });
});

describe("a mailbox", () => {
  const setUpBox = () => {
    const gone = new AbortController();
    const box = new Mailbox<number>(gone.signal);
    const read = box[Symbol.asyncIterator]();
    return { gone, box, read };
  };

  test("gives what was put, in order, and says when it was taken", async () => {
    const { box, read } = setUpBox();
    let taken = 0;
    for (const value of [1, 2]) void box.put(value).then(() => (taken += 1));
    await settled();
    expect(taken).toBe(0);
    expect(await read.next()).toEqual({ done: false, value: 1 });
    await settled();
    expect(taken).toBe(1);
    box.close();
    expect([await read.next(), await read.next()]).toEqual([
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
  });

  test("wakes a reader that waits", async () => {
    const { box, read } = setUpBox();
    const next = read.next();
    await settled();
    void box.put(1);
    expect((await next).value).toBe(1);
  });

  test("lets nobody wait for a reader that is gone", async () => {
    const { gone, box, read } = setUpBox();
    const before = box.put(1);
    gone.abort();
    await Promise.all([before, box.put(2)]);
    expect((await read.next()).done).toBe(true);
    const late = new Mailbox<number>(AbortSignal.abort());
    await late.put(1);
  });
});
