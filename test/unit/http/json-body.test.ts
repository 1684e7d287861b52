import { expect, test } from "vitest";
import { readJson } from "../../../src/http/json-body.ts";
import { bareHttp } from "../../support/bare-http.ts";
import { httpApp } from "../../support/http-app.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const post = { method: "POST", headers: { "content-type": "Application/JSON; charset=utf-8" } };

test("everybody who asks gets the same value, and the bytes", async () => {
  const app = bareHttp();
  app.use(readJson);
  app.post("/", async ({ req }) => {
    const [first, second] = [await req.json(), await req.json()];
    const same = first === second;
    return new Response(
      JSON.stringify([same, await req.json(), Buffer.from(await req.arrayBuffer()).length]),
    );
  });
  const response = await app.request("/", { ...post, body: '\ufeff{"a": "ü"}' });
  expect(await response.json()).toEqual([true, { a: "ü" }, 14]);
});

test.each(["/v1/executions", "/v1/sessions", "/v1/batches", "/v1/keys", "/v1/nowhere"])(
  "%s refuses what is nested too deep, and names the body",
  async (path) => {
    const { json, fileKey } = httpApp();
    const refused = await json("POST", path, { body: nested(65), key: fileKey });
    expect(refused).toMatchObject({
      status: 400,
      body: {
        code: "invalid_request",
        issues: [{ field: "(body)", message: "must be nested at most 64 deep" }],
      },
    });
    const other = await json("POST", path, { body: nested(64), key: fileKey });
    expect(JSON.stringify(other.body)).not.toContain("64 deep");
  },
);

test.each(["{", "", '{"code": "1"} 2', "[".repeat(64)])("%j is no JSON", async (body) => {
  const { json } = httpApp();
  const { status, body: problem } = await json("POST", "/v1/executions", { body });
  expect([status, problem.code, problem.detail]).toEqual([
    400,
    "invalid_request",
    "Malformed JSON in request body",
  ]);
});

test("bytes are not looked at, whatever type they are sent as", async () => {
  const { ask, aSession } = httpApp();
  const headers = { "content-type": "application/json" };
  expect((await ask("POST", "/v1/executions/exe_1/stdin", { body: nested(99), headers })).status).toBe(404);
  const path = `${await aSession()}/files/deep.json`;
  expect((await ask("PUT", path, { body: nested(99), headers })).status).toBe(201);
});
