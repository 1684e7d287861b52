import { expect, test } from "vitest";
import { httpApp } from "../../support/http-app.ts";

test.each([
  ["PUT", "/v1/sessions", "GET, HEAD, POST"],
  ["PATCH", "/v1/executions/exe_1", "GET, HEAD"],
  ["POST", "/v1/sessions/ses_1/files/a/b", "GET, HEAD, PUT, DELETE"],
  ["OPTIONS", "/v1/images", "GET, HEAD"],
  ["GET", "/v1/batches", "POST"],
  ["DELETE", "/healthz", "GET, HEAD"],
  ["POST", "/openapi.json", "GET, HEAD"],
])("%s %s is told what the address takes", async (method, path, allow) => {
  const { status, headers, body } = await httpApp().json(method, path);
  expect({ status, allow: headers.get("allow") }).toEqual({ status: 405, allow });
  expect(body).toMatchObject({ code: "method_not_allowed", retryable: false, infra: false });
});

test.each(["/v1/nothing", "/", "/v1/sessions/a/b/c"])("nothing is allowed at %s", async (path) => {
  const { status, headers, body } = await httpApp().json("PUT", path);
  expect({ status, allow: headers.get("allow"), code: body.code }).toEqual({
    status: 404,
    allow: null,
    code: "not_found",
  });
});

test("who has no key learns of no address", async () => {
  expect((await httpApp().ask("PUT", "/v1/sessions", { key: null })).status).toBe(401);
});
