/** The events of an execution over the wire: in time, whole, resumable, and no faster than they are read. */

import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executionSchema } from "../../src/domain/execution.ts";
import { allEvents, eventsOf, type ReadEvent } from "../support/event-reader.ts";
import { type Service, startService, until } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "2" });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

const asEvents = { accept: "text/event-stream" };

/** The types in their order, pieces of output as one: how many there are, and which of two pipes comes first, nobody promises. */
const phasesOf = (events: { type: string }[]) =>
  events
    .map(({ type }) => (type === "stdout" || type === "stderr" ? "output" : type))
    .filter((type, index, all) => type !== all[index - 1]);

const textOf = (events: ReadEvent[], stream: "stdout" | "stderr") =>
  events
    .filter(({ type }) => type === stream)
    .map(({ data }) => data.text)
    .join("");

const stream = (action: object) =>
  service.request("/v1/executions", { method: "POST", body: JSON.stringify(action), headers: asEvents });

describe("an execution as events", () => {
  test("tells everything once, in order, and ends with what a plain answer says", async () => {
    const code =
      "import sys\nprint('a', flush=True)\nprint('b', file=sys.stderr, flush=True)\nopen('o.txt', 'w').write('o')";
    const response = await stream({ code, outputs: ["*.txt"] });
    const events = await allEvents(response);
    expect(phasesOf(events)).toEqual(["started", "output", "file", "finished"]);
    expect([textOf(events, "stdout"), textOf(events, "stderr")]).toEqual(["a\n", "b\n"]);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    const id = response.headers.get("x-execution-id");
    const stored = await (await service.request(`/v1/executions/${id}`)).json();
    expect(events.at(-1)?.data.execution).toEqual(stored);
    expect(executionSchema.parse(stored).observation).toMatchObject({ stdout: "a\n", stderr: "b\n" });
  });

  test("output arrives within 50 ms of its print", async () => {
    const session = await service.session();
    // The clock of the machine is one: what the code prints is when it printed.
    const code =
      "import sys, time\nfor _ in range(20):\n    time.sleep(0.03)\n    sys.stdout.write(f'{time.time() * 1000}\\n')";
    const lags: number[] = [];
    const origin = performance.timeOrigin;
    for await (const { type, data, at } of eventsOf(await session.post(code, asEvents))) {
      if (type === "stdout") lags.push(origin + at - Number(data.text));
    }
    expect(lags).toHaveLength(20);
    const median = lags.toSorted((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY;
    // Of one print a busy machine may make anything; half of them tell.
    expect(median).toBeLessThan(50);
  });

  test("a process of its own is read along as well, though its output is a pipe", async () => {
    const seen: string[] = [];
    for await (const { type, data } of eventsOf(
      await stream({ code: "print('first')\ninput()", keepStdin: true }),
    )) {
      seen.push(type);
      if (type === "stdout") break;
      expect(data).toBeDefined();
    }
    expect(seen).toEqual(["started", "stdout"]);
  });

  test("bytes that are no text come exactly, characters are never cut", async () => {
    const code =
      "import sys, time\nout = sys.stdout.buffer\nfor part in (b'\\xe2\\x82', b'\\xac', b'\\xff\\xfe', 'ü'.encode()):\n    out.write(part); out.flush(); time.sleep(0.05)";
    const pieces = (await allEvents(await stream({ code })))
      .filter(({ type }) => type === "stdout")
      .map(({ data }) => data);
    const whole = Buffer.concat(
      pieces.map(({ text, base64 }) =>
        text === undefined ? Buffer.from(base64, "base64") : Buffer.from(text),
      ),
    );
    expect(whole).toEqual(Buffer.concat([Buffer.from("€"), Buffer.from([0xff, 0xfe]), Buffer.from("ü")]));
    expect(pieces[0]).toEqual({ text: "€" });
  });

  test("a reader that was cut off goes on after the last event it has, live and afterwards, and gets the same", async () => {
    const session = await service.session();
    const response = await session.post(
      "import time\nfor n in range(30): print(n, flush=True); time.sleep(0.02)\n'end'",
      asEvents,
    );
    const id = response.headers.get("x-execution-id");
    const first: unknown[] = [];
    let last = 0;
    for await (const { id: at, type, data } of eventsOf(response)) {
      first.push([at, type, data]);
      last = at;
      if (at === 8) break;
    }
    const url = `/v1/executions/${id}/events`;
    const rest = await allEvents(await service.request(url, { headers: { "last-event-id": String(last) } }));
    expect(rest.map(({ id: at }) => at)).toEqual(
      Array.from({ length: rest.length }, (_, index) => last + 1 + index),
    );
    const told = [...first, ...rest.map(({ id: at, type, data }) => [at, type, data])];
    const again = (await allEvents(await service.request(url))).map(({ id: at, type, data }) => [
      at,
      type,
      data,
    ]);
    expect(again).toEqual(told);
    const nothing = await service.request(`${url}?after=${told.length}`);
    expect(await nothing.text()).toBe("");
  });

  test("a slow reader gets everything, and costs no more than the output itself", async () => {
    const bytes = 8 << 20;
    const response = await slowly(service, { code: `print('x' * ${bytes})` });
    const before = process.memoryUsage().rss;
    let most = 0;
    let received = 0;
    for await (const chunk of response) {
      received += chunk.length;
      most = Math.max(most, process.memoryUsage().rss - before);
      if (received < 2 << 20) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(received).toBeGreaterThan(bytes);
    expect(most).toBeLessThan(200 << 20);
  });

  test("a reader that goes away cancels nothing", async () => {
    const session = await service.session();
    const abort = new AbortController();
    const response = await service.request(`${session.path}/executions`, {
      method: "POST",
      body: JSON.stringify({ code: "import time; time.sleep(0.5); 'done'" }),
      headers: asEvents,
      signal: abort.signal,
    });
    const id = response.headers.get("x-execution-id");
    abort.abort();
    await until(async () => (await session.view()).state === "idle");
    const record = executionSchema.parse(await (await service.request(`/v1/executions/${id}`)).json());
    expect(record.observation).toMatchObject({
      outcome: "ok",
      results: [{ forms: { "text/plain": "'done'" } }],
    });
  });
});

const slowly = async ({ url }: Service, action: object): Promise<IncomingMessage> => {
  const outgoing = httpRequest(new URL("/v1/executions", url), {
    method: "POST",
    headers: { ...service.authorization, "content-type": "application/json", ...asEvents },
  });
  outgoing.end(JSON.stringify(action));
  const [answer] = await once(outgoing, "response");
  return answer;
};
