import { describe, expect, test } from "vitest";
import { OpenStreams } from "../../../src/http/open-streams.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { EventReader, httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const full = expect.objectContaining({ code: "capacity_exhausted", retryAfterSeconds: 1 });

test("a tenant has so many open, and its own only", () => {
  const streams = new OpenStreams(2);
  const leave = streams.enter("a");
  streams.enter("a");
  expect(() => streams.enter("a")).toThrow(full);
  streams.enter("b");
  leave();
  leave();
  streams.enter("a");
  expect(() => streams.enter("a")).toThrow(full);
});

describe("over HTTP", () => {
  const MAX = 256;
  const events = { accept: "text/event-stream" };
  const body = { code: "print(1)" };

  const setUp = async (output = "a") => {
    const parts = httpApp();
    parts.runtime.run = async () => aReport(output);
    const { body: execution } = await parts.json("POST", "/v1/executions", { body });
    return { ...parts, path: `/v1/executions/${execution.id}` };
  };

  test("one too many is refused before anything runs, and a place is given back by who leaves or reads to the end", async () => {
    const { ask, path, runtime } = await setUp();
    const open = [];
    for (let n = 0; n < MAX; n += 1) open.push(new EventReader(await ask("GET", `${path}/events`)));
    const { creates } = runtime;
    const refused = await ask("POST", "/v1/executions", { body, headers: events });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(runtime.creates).toBe(creates);
    await open.pop()?.leave();
    await open.pop()?.rest();
    for (let n = 0; n < 2; n += 1) expect((await ask("GET", `${path}/events`)).status).toBe(200);
    expect((await ask("GET", `${path}/events`)).status).toBe(503);
    expect((await ask("GET", path)).status).toBe(200);
  });

  test("large answers count too, and what was refused or only asked for its headers does not", async () => {
    const { ask, path } = await setUp("x".repeat(200_000));
    const bodyless = ["HEAD", "HEAD"].map((method) => ask(method, `${path}/events`));
    expect((await Promise.all(bodyless)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await ask("HEAD", path)).headers.get("content-length")).toMatch(/^\d{6}$/);
    expect((await ask("POST", "/v1/executions", { body: { code: 1 }, headers: events })).status).toBe(400);
    const open = [];
    for (let n = 0; n < MAX; n += 1) open.push(await ask("GET", path));
    expect(open.every(({ status }) => status === 200)).toBe(true);
    expect((await ask("GET", path)).status).toBe(503);
    const text = await open[0]?.text();
    expect(JSON.parse(text ?? "").observation.stdout).toHaveLength(200_000);
    expect(open[0]?.headers.get("content-length")).toBe(String(text?.length));
    await open[1]?.body?.cancel();
    await settled();
    for (let n = 0; n < 2; n += 1) expect((await ask("GET", path)).status).toBe(200);
  });
});
