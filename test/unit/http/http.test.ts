import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../src/domain/errors.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { Catalog } from "../../../src/engine/catalog.ts";
import { createHttp, type HttpDependencies } from "../../../src/http/create-http.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { aPolicy } from "../../support/builders.ts";
import { FakeRuntime } from "../../support/fake-runtime.ts";

const KEY = "clo_0123456789abcdef";

const setUp = (change: Partial<HttpDependencies> = {}) => {
  const errors: unknown[] = [];
  const app = createHttp({
    executor: {
      execute: async () => {
        throw new Error("secret detail /etc/shadow");
      },
    },
    store: { find: () => undefined },
    catalog: new Catalog(new FakeRuntime(), [aPolicy()]),
    readiness: async () => ({ ready: true, checks: [], pools: [] }),
    metrics: async () => "",
    apiKey: new Secret(KEY),
    tenant: "t",
    maxBodyBytes: 2000,
    onError: (error) => errors.push(error),
    ...change,
  });
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await app.request("/v1/executions", {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json", ...headers },
    });
    return {
      status: response.status,
      headers: response.headers,
      problem: problemSchema.parse(await response.json()),
    };
  };
  return { app, post, errors };
};

const failingWith = (error: Error) => ({
  executor: {
    execute: async () => {
      throw error;
    },
  },
});

describe("requests", () => {
  test.each([
    [{ code: 1 }, "code"],
    [{}, "code"],
    [{ code: "", timeout: 3 }, "timeout"],
    [{ code: "", limits: { wallMS: 3 } }, "limits.wallMS"],
    [{ code: "", limits: { wallMs: "3" } }, "limits.wallMs"],
    [{ code: "", files: { "../a.txt": "" } }, 'files["../a.txt"]'],
    [{ code: "", files: { "a.txt": { base64: "*" } } }, 'files["a.txt"].base64'],
    [{ code: "", args: ["a", 2] }, "args[1]"],
    [{ code: "", env: { "A-B": "" } }, 'env["A-B"]'],
  ])("%j gets 400 that names %s", async (body, field) => {
    const { status, headers, problem } = await setUp().post(JSON.stringify(body));
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(problem).toMatchObject({ code: "invalid_request", status: 400, infra: false, retryable: false });
    expect(problem.issues?.[0]?.field).toBe(field);
    expect(problem.detail).toContain(field);
    expect(problem.requestId).toBe(headers.get("x-request-id"));
  });

  test("a body that is no JSON gets 400", async () => {
    expect(await setUp().post("{")).toMatchObject({ status: 400, problem: { code: "invalid_request" } });
  });

  test("another content type gets 400 that says what is expected", async () => {
    const { status, problem } = await setUp().post('{"code": ""}', { "content-type": "text/plain" });
    expect(status).toBe(400);
    expect(problem.detail).toContain("application/json");
  });

  test("a body over the bound gets 413", async () => {
    const { status, problem } = await setUp().post(JSON.stringify({ code: "x".repeat(3000) }));
    expect(status).toBe(413);
    expect(problem).toMatchObject({ code: "payload_too_large", detail: expect.stringContaining("2000") });
  });

  test("an unknown path and an unknown execution get 404", async () => {
    const { app } = setUp();
    const headers = { authorization: `Bearer ${KEY}` };
    for (const path of ["/v2", "/v1/executions/exe_1"]) {
      const response = await app.request(path, { headers });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "not_found" });
    }
  });
});

describe("authentication", () => {
  test.each([[undefined], ["Basic abc"], [`Bearer ${KEY}x`], [`Bearer ${KEY.slice(1)}`], ["Bearer "]])(
    "%s is refused",
    async (authorization) => {
      const { app } = setUp();
      for (const path of ["/v1/images", "/v1/executions/exe_1", "/metrics"]) {
        const response = await app.request(path, authorization ? { headers: { authorization } } : {});
        expect(response.status).toBe(401);
        expect(response.headers.get("www-authenticate")).toContain("Bearer");
      }
    },
  );

  test("the key lets in, and health needs none", async () => {
    const { app } = setUp();
    expect((await app.request("/v1/images", { headers: { authorization: `Bearer ${KEY}` } })).status).toBe(
      200,
    );
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"]) {
      expect((await app.request(path)).status).toBe(200);
    }
  });

  test("without a key configured every request passes", async () => {
    const { app } = setUp({ apiKey: undefined });
    expect((await app.request("/v1/images")).status).toBe(200);
  });
});

describe("faults", () => {
  test("an unexpected error is logged and not shown", async () => {
    const { post, errors } = setUp();
    const { status, problem } = await post('{"code": ""}');
    expect(status).toBe(500);
    expect(problem).toMatchObject({ code: "internal", infra: true });
    expect(JSON.stringify(problem)).not.toContain("shadow");
    expect(errors).toHaveLength(1);
  });

  test("a full service answers 503 with a time to retry", async () => {
    const full = new ServiceError("capacity_exhausted", "full", { retryAfterSeconds: 3 });
    const { status, headers, problem } = await setUp(failingWith(full)).post('{"code": ""}');
    expect(status).toBe(503);
    expect(headers.get("retry-after")).toBe("3");
    expect(problem).toMatchObject({ code: "capacity_exhausted", retryable: true, infra: true });
  });

  test("the cause of a fault is logged and not shown", async () => {
    const broken = new ServiceError("sandbox_failed", "broke", { cause: new Error("inner secret") });
    const { post, errors } = setUp(failingWith(broken));
    expect(JSON.stringify((await post('{"code": ""}')).problem)).not.toContain("inner secret");
    expect(errors).toEqual([broken]);
  });

  test("not ready answers 503 with the reasons", async () => {
    const checks = [{ name: "engine", ok: false, detail: "gone" }];
    const { app } = setUp({ readiness: async () => ({ ready: false, checks, pools: [] }) });
    const response = await app.request("/readyz");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ready: false, checks });
  });
});

describe("the docs page", () => {
  test("names no other host, and its policy lets none in", async () => {
    const { app } = setUp();
    const response = await app.request("/docs");
    expect(await response.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  test.each(["swagger-ui.css", "swagger-ui-bundle.js", "start.js"])("serves %s itself", async (name) => {
    const response = await setUp().app.request(`/docs/${name}`);
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBeGreaterThan(50);
  });
});
