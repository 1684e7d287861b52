import { OpenAPIHono } from "@hono/zod-openapi";
import { expect, test } from "vitest";
import type { AppEnv } from "../../../src/http/app-env.ts";
import { SLICE, sendJson } from "../../../src/http/slices.ts";

const json = Buffer.from(JSON.stringify("ü".repeat(SLICE)));

const asking = async (method = "GET") => {
  const seen = { ends: 0 };
  const app = new OpenAPIHono<AppEnv>();
  app.get("/", (context) =>
    sendJson(context, json, () => {
      seen.ends += 1;
    }),
  );
  return { seen, response: await app.request("/", { method }) };
};

test("an answer is the bytes, in slices of the same memory, with their length", async () => {
  const { seen, response } = await asking();
  expect(response.headers.get("content-length")).toBe(String(json.length));
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const slices: Uint8Array[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) slices.push(next.value);
  expect(slices.map(({ length }) => length)).toEqual([SLICE, SLICE, 2]);
  expect(slices.every(({ buffer }) => buffer === json.buffer)).toBe(true);
  expect(Buffer.concat(slices)).toEqual(json);
  expect(seen.ends).toBe(1);
});

test("who goes away, or wants no body, is told as an end", async () => {
  const { seen, response } = await asking();
  await response.body?.cancel();
  expect(seen.ends).toBe(1);
  const head = await asking("HEAD");
  expect([head.seen.ends, await head.response.text()]).toEqual([1, ""]);
});
