import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem } from "./fake-service.ts";
import { run } from "./run-in-test.ts";
import { aSession } from "./samples.ts";

const create = "POST /v1/sessions";
const created = () => aSession();
const noAnswer = (_: unknown, response: { destroy(): void }) => void response.destroy();
const full = (seconds: string) =>
  problem(503, "capacity_exhausted", "The service is full", { headers: { "retry-after": seconds } });

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

const keysOf = (route: string) => service.askedFor(route).map(({ headers }) => headers["idempotency-key"]);

describe("a POST", () => {
  test("that got no answer is sent again with the same Idempotency-Key", async () => {
    service.inTurn(create, noAnswer, noAnswer, created);
    const { code, pauses } = await run(["session", "create"], { service });
    expect(code).toBe(0);
    expect(pauses).toEqual([100, 200]);
    expect(keysOf(create)).toHaveLength(3);
    expect(new Set(keysOf(create)).size).toBe(1);
    expect(keysOf(create)[0]).toMatch(/^[\w-]{36}$/);
  });

  test("that found the service full waits as long as that says", async () => {
    service.inTurn(create, full("2"), full("10"), created);
    const { code, pauses } = await run(["session", "create"], { service });
    expect({ code, pauses }).toEqual({ code: 0, pauses: [2000, 10_000] });
  });

  test("gives up after five tries", async () => {
    service.on(create, full("1"));
    const { code, stderr } = await run(["session", "create"], { service });
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: "cloche: The service is full (capacity_exhausted)\n  Trying again later may work\n",
    });
    expect(keysOf(create)).toHaveLength(5);
  });

  test.each([
    ["a wait of an hour", full("3600")],
    ["no word of when", problem(503, "runtime_unavailable", "No engine")],
    ["a refusal", problem(400, "invalid_request", "No")],
    ["a fault", problem(500, "internal", "The service failed")],
  ])("is not sent again after %s", async (_, answer) => {
    service.on(create, answer);
    expect((await run(["session", "create"], { service })).code).toBe(125);
    expect(keysOf(create)).toHaveLength(1);
  });

  test("two commands never share a key", async () => {
    service.on(create, created);
    await run(["session", "create"], { service });
    await run(["session", "create"], { service });
    expect(new Set(keysOf(create)).size).toBe(2);
  });
});

describe("the connection", () => {
  test("nobody listens: it says where, and that trying again may help", async () => {
    const { url } = service;
    await service[Symbol.asyncDispose]();
    const { code, stderr } = await run(["ps"], { env: { CLOCHE_URL: url } });
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: expect.stringContaining(`cloche: ${url} cannot be reached: `),
    });
    const asJson = await run(["ps", "--json"], { env: { CLOCHE_URL: url } });
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: "connection", retryable: true } });
  });

  test("the key is sent as a bearer token, and no other header holds it", async () => {
    service.on("GET /v1/images", () => ({ items: [] }));
    await run(["images"], { service, env: { CLOCHE_API_KEY: "top-secret" } });
    await run(["images"], { service });
    const [withKey, without] = service.asked;
    expect(withKey?.headers.authorization).toBe("Bearer top-secret");
    expect(
      Object.values(withKey?.headers ?? {}).filter((value) => String(value).includes("top-secret")),
    ).toHaveLength(1);
    expect(without?.headers.authorization).toBeUndefined();
  });

  test("a redirect is not followed: the key is for one address", async () => {
    await using other = await FakeService.start();
    service.on(
      "GET /v1/images",
      (_, response) => void response.writeHead(307, { location: `${other.url}/x` }).end(),
    );
    const { code, stderr } = await run(["images"], { service, env: { CLOCHE_API_KEY: "top-secret" } });
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringContaining("set --url") });
    expect(other.asked).toEqual([]);
  });

  test.each([
    [
      (_: unknown, response: import("node:http").ServerResponse) =>
        void response.writeHead(502).end("<html>"),
      /answered 502/,
    ],
    [
      (_: unknown, response: import("node:http").ServerResponse) =>
        void response.writeHead(200).end("<html>"),
      /cannot be read/,
    ],
  ])("something that is no Cloche is told so", async (answer, message) => {
    service.on("GET /v1/images", answer);
    expect(await run(["images"], { service })).toMatchObject({
      code: 125,
      stderr: expect.stringMatching(message),
    });
  });
});
