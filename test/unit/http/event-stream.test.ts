import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import { describe, expect, onTestFinished, test } from "vitest";
import type { AppEnv } from "../../../src/http/app-env.ts";
import { eventStream, type StreamEvent } from "../../../src/http/event-stream.ts";
import { SLICE } from "../../../src/http/slices.ts";
import { EventReader } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

describe("a stream", () => {
  interface Source {
    events?: StreamEvent[];
    /** What comes after the events: nothing ever, an end, or a fault. */
    after?: "silence" | "end" | Promise<never>;
    options?: Partial<Parameters<typeof eventStream>[2]>;
  }

  const last = new Set(["end"]);

  const streaming = ({ events = [], after = "end", options = {} }: Source = {}) => {
    const seen = { taken: 0, returned: false, aborted: false, errors: [] as unknown[] };
    async function* source(signal: AbortSignal) {
      signal.addEventListener("abort", () => {
        seen.aborted = true;
      });
      try {
        for (const event of events) {
          seen.taken += 1;
          yield event;
        }
        if (after instanceof Promise) await after;
        if (after === "silence" && !signal.aborted)
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
      } finally {
        seen.returned = true;
      }
    }
    const app = new OpenAPIHono<AppEnv>();
    const onError = (error: unknown) => void seen.errors.push(error);
    app.get("/", (context) => eventStream(context, source, { last, onError, ...options }));
    const listen = async () => {
      const server = createAdaptorServer({ fetch: app.fetch }) as Server;
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(async () => {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      });
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    };
    return { seen, get: (init?: RequestInit) => app.request("/", init), listen };
  };

  const end: StreamEvent = { type: "end", data: "{}" };
  const event: StreamEvent = { id: 1, type: "a", data: '"1"' };

  test("is written as documented", async () => {
    const { get } = streaming({ events: [event, end] });
    expect(await (await get()).text()).toBe('id: 1\nevent: a\ndata: "1"\n\nevent: end\ndata: {}\n\n');
  });

  test("is written otherwise where it is said how", async () => {
    const options = { toText: ({ data }: StreamEvent) => `${data}\n`, contentType: "application/x-ndjson" };
    const response = await streaming({ events: [event, end], options }).get();
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(await response.text()).toBe('"1"\n{}\n');
  });

  test("sends bytes in slices of the same memory, with nothing in between", async () => {
    const data = Buffer.from(JSON.stringify("ü".repeat(SLICE)));
    const options = { heartbeatMs: 1 };
    const { get, seen } = streaming({ events: [{ id: 1, type: "end", data }, end], options });
    const reader = ((await get()).body as ReadableStream<Uint8Array>).getReader();
    const pieces: Uint8Array[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value);
      if (pieces.length < 5) expect(seen.taken).toBe(1);
    }
    expect(pieces.slice(1, 4).map(({ buffer }) => buffer === data.buffer)).toEqual([true, true, true]);
    const text = Buffer.concat(pieces).toString();
    expect(text).toBe(`id: 1\nevent: end\ndata: ${data}\n\nevent: end\ndata: {}\n\n`);
  });

  test("takes no event before the reader took the one before it", async () => {
    const { get, seen } = streaming({ events: [event, event, event, end] });
    const reader = new EventReader(await get());
    await settled();
    expect(seen.taken).toBe(0);
    await reader.next();
    await settled();
    expect(seen.taken).toBe(1);
    await reader.rest();
    expect(seen.taken).toBe(4);
  });

  test("says while nothing comes that it is alive, and goes on where it was", async () => {
    const { get, seen } = streaming({ events: [event], after: "silence", options: { heartbeatMs: 1 } });
    const reader = new EventReader(await get());
    expect(await reader.next()).toMatchObject({ id: "1" });
    expect([await reader.next(), await reader.next()]).toEqual([": ping", ": ping"]);
    await reader.leave();
    expect(seen).toMatchObject({ aborted: true, returned: true, errors: [] });
  });

  test("tells its source when the reader leaves, once, and is quiet about it", async () => {
    const { get, seen } = streaming({ events: [event, event], after: "silence" });
    const reader = new EventReader(await get());
    await reader.next();
    await reader.leave();
    expect(seen).toMatchObject({ aborted: true, returned: true, taken: 1, errors: [] });
  });

  test("of a caller that is gone already tells its source so", async () => {
    const { get, seen } = streaming({ after: "silence" });
    const response = await get({ signal: AbortSignal.abort() });
    await expect(response.text()).rejects.toThrow();
    expect(seen.errors).toEqual([]);
  });

  test("that ends without its last event, or with a fault, breaks off", async () => {
    const early = streaming({ events: [event] });
    await expect((await early.get()).text()).rejects.toThrow("before its end was known");
    const fault = new Error("a bug");
    const faulty = streaming({ events: [event], after: Promise.reject(fault) });
    await expect((await faulty.get()).text()).rejects.toThrow();
    expect([early.seen.errors, faulty.seen.errors]).toEqual([[], [fault]]);
  });

  test("may be empty only where it is said so", async () => {
    await expect((await streaming().get()).text()).rejects.toThrow();
    const options = { mayBeEmpty: () => true };
    expect(await (await streaming({ options }).get()).text()).toBe("");
    await expect((await streaming({ events: [event], options }).get()).text()).rejects.toThrow();
  });

  test("that breaks off over a socket is cut, without a word that could be taken for content", async () => {
    const fault = Promise.withResolvers<never>();
    const { listen } = streaming({ events: [event], after: fault.promise });
    const response = await fetch(await listen());
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? "").toString()).toContain("id: 1");
    fault.reject(new Error("planted"));
    await expect(reader.read()).rejects.toThrow();
  });

  test("over a socket hears of a reader that hangs up", async () => {
    const { listen, seen } = streaming({ events: [event], after: "silence" });
    const gone = new AbortController();
    const response = await fetch(await listen(), { signal: gone.signal });
    await new EventReader(response).next();
    gone.abort();
    await expect.poll(() => seen).toMatchObject({ aborted: true, returned: true, errors: [] });
  });
});
