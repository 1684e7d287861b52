import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../src/domain/errors.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const setUp = (settings: Parameters<typeof httpApp>[0] = {}) => {
  const parts = httpApp(settings);
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const {
      status,
      headers: answered,
      body: problem,
    } = await parts.json("POST", "/v1/executions", { body, headers });
    return { status, headers: answered, problem: problemSchema.strict().parse(problem) };
  };
  return { ...parts, post };
};

const failingWith = (error: Error) => ({
  http: {
    executor: {
      submit: async () => {
        throw error;
      },
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
    const { json } = setUp();
    for (const path of ["/v2", "/v1/executions/exe_1"]) {
      expect(await json("GET", path)).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
  });
});

describe("authentication", () => {
  const KEY = httpApp().fileKey;

  test.each([[undefined], ["Basic abc"], [`Bearer ${KEY}x`], [`Bearer ${KEY.slice(1)}`], ["Bearer "]])(
    "%s is refused",
    async (authorization) => {
      const { ask } = setUp();
      for (const path of ["/v1/images", "/v1/executions/exe_1", "/metrics", "/v1/nothing"]) {
        const response = await ask("GET", path, {
          key: null,
          headers: authorization ? { authorization } : {},
        });
        expect(response.status).toBe(401);
        expect(response.headers.get("www-authenticate")).toContain("Bearer");
      }
    },
  );

  test("the key lets in, and health needs none", async () => {
    const { ask } = setUp();
    expect((await ask("GET", "/v1/images", { key: KEY })).status).toBe(200);
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs"]) {
      expect((await ask("GET", path, { key: null })).status).toBe(200);
    }
  });

  test("a stranger's body is not read", async () => {
    const { ask } = setUp();
    const body = JSON.stringify({ code: "x".repeat(3000) });
    expect((await ask("POST", "/v1/executions", { body, key: null })).status).toBe(401);
  });

  test("without a key configured every request passes", async () => {
    const { ask } = setUp({ http: { auth: false } });
    expect((await ask("GET", "/v1/images", { key: null })).status).toBe(200);
  });
});

describe("faults", () => {
  test("an unexpected error is logged and not shown", async () => {
    const { post, errors } = setUp(failingWith(new Error("secret detail /etc/shadow")));
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
    const { json } = setUp({ http: { readiness: async () => ({ ready: false, checks, pools: [] }) } });
    expect(await json("GET", "/readyz", { key: null })).toMatchObject({
      status: 503,
      body: { ready: false, checks },
    });
  });
});

describe("the docs page", () => {
  test("names no other host, and its policy lets none in", async () => {
    const response = await setUp().ask("GET", "/docs", { key: null });
    expect(await response.text()).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  });

  test.each(["swagger-ui.css", "swagger-ui-bundle.js", "start.js"])("serves %s itself", async (name) => {
    const response = await setUp().ask("GET", `/docs/${name}`, { key: null });
    expect(response.status).toBe(200);
    expect((await response.text()).length).toBeGreaterThan(50);
  });
});

describe("rate and bounds", () => {
  test("a tenant that sends too much is told when to come back, and others are not", async () => {
    const { json, keyOf } = setUp({ limits: { requestsPerMinute: 1 } });
    expect((await json("POST", "/v1/executions", { body: { code: "" } })).status).toBe(200);
    const refused = await json("POST", "/v1/executions", { body: { code: "" } });
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited", infra: false } });
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("ratelimit")).toContain("r=0");
    const other = { body: { code: "" }, key: keyOf("submitter", "other") };
    expect((await json("POST", "/v1/executions", other)).status).toBe(200);
    expect((await json("GET", "/v1/executions")).status).toBe(200);
  });

  test.each([
    ["/v1/executions", { code: "" }],
    ["/v1/sessions", {}],
    ["/v1/cohorts", { size: 1, session: {} }],
    ["/v1/batches", { items: [{ id: "a", action: { code: "" } }] }],
  ])("a tenant over its bound of the day begins nothing with POST %s", async (path, body) => {
    const assertMayRun = (tenant: string) => {
      throw new ServiceError("quota_exhausted", `${tenant} used up its bound`, { retryAfterSeconds: 9 });
    };
    const { json, runtime } = setUp({ http: { assertMayRun } });
    const refused = await json("POST", path, { body });
    expect(refused).toMatchObject({
      status: 429,
      body: { code: "quota_exhausted", detail: "t used up its bound" },
    });
    expect(refused.headers.get("retry-after")).toBe("9");
    expect(runtime.creates).toBe(0);
  });
});

describe("the trace of a request", () => {
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

  test("its id is the caller's, or one of ours, in the answer and in the log", async () => {
    const { ask, lines } = setUp();
    const given = await ask("GET", "/v1/images", { headers: { "x-request-id": "req-1.a_b" } });
    expect(given.headers.get("x-request-id")).toBe("req-1.a_b");
    const ids = [];
    for (const id of ["", "a b", "x".repeat(129), "ü", "a\tb"]) {
      const response = await ask("GET", "/v1/images", { headers: { "x-request-id": encodeURI(id) } });
      ids.push(response.headers.get("x-request-id"));
    }
    const none = await ask("GET", "/v1/images");
    ids.push(none.headers.get("x-request-id"));
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(lines.map(({ requestId }) => requestId)).toEqual(["req-1.a_b", ...ids]);
  });

  test("is in the answer to an error too", async () => {
    const { json } = setUp();
    const { headers, body } = await json("GET", "/v1/nothing", { headers: { "x-request-id": "r1" } });
    expect([headers.get("x-request-id"), body.requestId]).toEqual(["r1", "r1"]);
  });

  test("goes into the log and into what runs", async () => {
    const { ask, aSession, held, lines } = setUp();
    const runs = held();
    const session = await aSession();
    void ask("POST", "/v1/executions", { body: { code: "" }, headers: { traceparent } });
    await settled();
    void ask("POST", `${session}/executions`, { body: { code: "" }, headers: { traceparent } });
    await settled();
    const batch = { items: [{ id: "a", action: { code: "" } }] };
    await ask("POST", "/v1/batches", { body: batch, headers: { traceparent } });
    await settled();
    expect(runs.begun.map(({ request }) => request.env["TRACEPARENT"])).toEqual([
      traceparent,
      traceparent,
      traceparent,
    ]);
    for (const { end } of runs.begun) await end();
    expect(lines.filter((line) => line.traceparent === traceparent)).toHaveLength(3);
  });

  test.each([
    ["no trace"],
    [`00-${"0".repeat(32)}-${"b".repeat(16)}-01`],
    [`00-${"a".repeat(32)}-${"0".repeat(16)}-01`],
    [`00-${"A".repeat(32)}-${"b".repeat(16)}-01`],
    [`01-${"a".repeat(32)}-${"b".repeat(16)}-01`],
    [`${traceparent}-more`],
  ])("is dropped where it is %j", async (wrong) => {
    const { ask, held, lines } = setUp();
    const runs = held();
    const answer = ask("POST", "/v1/executions", { body: { code: "" }, headers: { traceparent: wrong } });
    await settled();
    expect(runs.last.request.env).not.toHaveProperty("TRACEPARENT");
    await runs.last.end();
    expect((await answer).status).toBe(200);
    expect(lines[0]?.traceparent).toBeUndefined();
  });
});

describe("a line of the log", () => {
  test("says who asked for what and how it went, and no more", async () => {
    const { ask, lines } = setUp();
    await ask("GET", "/v1/executions/exe_1?cursor=planted-query", { headers: { "x-request-id": "r1" } });
    expect(lines).toEqual([
      {
        requestId: "r1",
        traceparent: undefined,
        tenant: "t",
        keyId: expect.stringMatching(/^key_/),
        method: "GET",
        path: "/v1/executions/exe_1",
        status: 404,
        ms: expect.any(Number),
      },
    ]);
  });

  test("has no key, no header, no query and no body in it, whatever comes of the request", async () => {
    const { ask, lines, own, aSession } = setUp(failingWith(new Error("planted-error")));
    const headers = { "idempotency-key": "planted-idempotency", cookie: "planted-cookie" };
    await ask("POST", "/v1/executions?x=planted-query", { body: { code: "planted-code" }, headers });
    await ask("POST", "/v1/executions", { body: { code: "planted-code", env: { planted: 1 } }, headers });
    await ask("GET", "/v1/images", { key: "planted-key" });
    await aSession({ env: { A: "planted-env" } });
    expect(lines.map(({ status }) => status)).toEqual([500, 400, 401, 201]);
    expect(JSON.stringify(lines)).not.toContain("planted");
    expect(JSON.stringify(lines)).not.toContain(own.slice(-20));
  });

  test("is written for a caller that went away, too", async () => {
    const { ask, lines, runtime } = setUp();
    runtime.beforeCreate = () => new Promise(() => {});
    const gone = new AbortController();
    const answer = ask("POST", "/v1/sessions", { body: {}, signal: gone.signal }).catch(() => {});
    await settled();
    // As the server does it: with words, not with an error.
    gone.abort("Client connection prematurely closed.");
    await answer;
    expect(lines).toMatchObject([{ path: "/v1/sessions", status: 499 }]);
  });
});
