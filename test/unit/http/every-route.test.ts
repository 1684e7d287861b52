/** What holds for every route that the OpenAPI document has: one that is added later is asked too. */
import { describe, expect, test } from "vitest";
import { createExecutionId } from "../../../src/domain/ids.ts";
import { anAction } from "../../support/builders.ts";
import { httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";
import { aHead, aReceipt, aTimeline, finished } from "../store/records.ts";

interface Operation {
  operationId: string;
  requestBody?: { required?: boolean; content: Record<string, unknown> };
  responses: Record<string, unknown>;
}

interface Route {
  method: string;
  path: string;
  operation: Operation;
}

const routesOf = async (): Promise<Route[]> => {
  const { paths } = (await httpApp().json("GET", "/openapi.json", { key: null })).body;
  return Object.entries<Record<string, Operation>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
};

const routes = await routesOf();
const ours = routes.filter(({ path }) => path.startsWith("/v1/"));

/** A body that passes, where an empty object doesn't. */
const bodies: Record<string, unknown> = {
  createExecution: { code: "" },
  createSessionExecution: { code: "" },
  createCohort: { size: 1, session: {} },
  createBatch: { items: [{ id: "a", action: { code: "" } }] },
  createKey: { name: "x" },
  explainPolicy: { about: "write", path: "/tmp/a" },
  setTenantLimits: {
    sandboxes: 1,
    queued: 1,
    requestsPerMinute: 1,
    cpuSecondsPerDay: null,
    bytesPerDay: null,
  },
};

/** What a path needs besides itself. */
const queries: Record<string, string> = {
  "/v1/audit/proofs/inclusion": "?seq=1",
  "/v1/audit/proofs/consistency": "?from=1",
  "/v1/policies/{name}/diff": "?against=default",
};

const initOf = ({ method, operation: { operationId, requestBody } }: Route) => {
  if (method === "GET" || method === "HEAD" || !requestBody) return {};
  const [type = ""] = Object.keys(requestBody.content);
  if (type.includes("json")) return { body: bodies[operationId] ?? {} };
  // An archive of nothing.
  if (type === "application/x-tar") return { body: "\0".repeat(1024), headers: { "content-type": type } };
  return { body: "x", headers: { "content-type": type } };
};

/** A tenant `t` with one of everything that can be named. */
const withThings = async () => {
  const parts = httpApp();
  const { json, aSession, held, executor, clock, runtime, fileKey } = parts;
  const cohort = (await json("POST", "/v1/cohorts", { body: { size: 1, session: {} } })).body;
  const session = (await aSession()).split("/").at(-1) ?? "";
  runtime.made.at(-1)?.files.put("a", "x");
  held();
  const execution = createExecutionId(clock.now());
  await executor.submit(anAction(), { tenant: "t", id: execution });
  await settled();
  const ended = aHead(createExecutionId(clock.now()));
  parts.stores.executions.begin("t", ended, "");
  parts.stores.executions.finish("t", finished(ended), aTimeline(), aReceipt());
  const { body: key } = await json("POST", "/v1/keys", { key: fileKey, body: { name: "x", tenant: "t" } });
  const ids: Record<string, string> = {
    executions: execution,
    sessions: session,
    cohorts: cohort.id,
    keys: key.id,
    tenants: "t",
    policies: "default",
    proofs: "prf_1",
  };
  const toPath = (path: string, id?: string) =>
    (path + (queries[path] ?? ""))
      .replace("{path}", "a")
      .replace(
        /\{\w+\}/,
        () =>
          id ??
          (path.endsWith("/receipt") ? ended.id : undefined) ??
          ids[path.split("/")[2] ?? ""] ??
          fail(path),
      );
  /** Nothing of it was touched. */
  const expectUntouched = () => {
    expect(parts.ledger.find("t", execution)?.signal.aborted).toBe(false);
    expect(parts.sessions.find("t", session)).toMatchObject({ state: "idle", sequence: 0, resets: 0 });
    expect(parts.sessions.list(undefined, { limit: 99 }).items).toHaveLength(2);
    expect(parts.stores.executions.list(undefined, { limit: 99 }).items).toHaveLength(2);
    expect(parts.cohorts.find("t", cohort.id)?.sessions).toMatchObject([{ state: "idle" }]);
    const sandboxes = parts.runtime.made;
    expect(sandboxes.filter(({ destroyed }) => destroyed)).toEqual([]);
    expect(sandboxes.flatMap(({ interrupted, fed }) => [...interrupted, ...fed])).toEqual([]);
    expect(sandboxes.map(({ files }) => [...files.nodes.keys()])).toEqual([[], ["a"], []]);
    expect(parts.keys.authenticate(key.secret)).toMatchObject({ tenant: "t" });
  };
  return { ...parts, toPath, expectUntouched };
};

const fail = (path: string): never => {
  throw new Error(`Say which id ${path} means`);
};

const named = (list: Route[]) => list.map((route) => [`${route.method} ${route.path}`, route] as const);

/** What an answer says, but for the request's own id and the thing's name. */
const withoutNames = async (response: Response, id: string) => {
  const text = await response.text();
  // A HEAD has no body.
  const { requestId: _, detail = "", ...problem } = text === "" ? {} : JSON.parse(text);
  const headers = [...response.headers.keys()];
  return { status: response.status, headers, problem, detail: detail.replace(JSON.stringify(id), "(id)") };
};

test("the document has the routes", () => {
  expect(ours.length).toBeGreaterThan(20);
  expect(ours.filter(({ path }) => path.includes("{")).length).toBeGreaterThan(12);
});

describe("without a key", () => {
  test.each(named(ours))("%s is refused", async (_, route) => {
    const { ask, toPath, expectUntouched } = await withThings();
    const response = await ask(route.method, toPath(route.path), { ...initOf(route), key: null });
    expect(response.status).toBe(401);
    expectUntouched();
  });
});

describe("another tenant's is as if it were not there", () => {
  // Policies and proofs are nobody's: they are about this host.
  const withIds = ours.filter(({ path }) => path.includes("{") && !/^\/v1\/(policies|proofs)\//.test(path));

  test.each(named(withIds))("%s", async (_, route) => {
    const { ask, keyOf, toPath, expectUntouched } = await withThings();
    const key = keyOf("submitter", "other");
    const there = toPath(route.path);
    const [id = ""] = there.split("/").slice(3);
    const absent = toPath(route.path, `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`);
    const init = { ...initOf(route), key };
    const answer = await ask(route.method, there, init);
    // What only an admin may do is refused before anything is looked up.
    const status = route.path.startsWith("/v1/keys") || route.path.endsWith("/limits") ? 403 : 404;
    expect(answer.status).toBe(status);
    expect(Object.keys(route.operation.responses)).toContain(String(status));
    const missing = await ask(route.method, absent, init);
    expect(await withoutNames(answer, id)).toEqual(await withoutNames(missing, absent.split("/")[3] ?? ""));
    expectUntouched();
  });

  test("not in a list either", async () => {
    const { json, keyOf } = await withThings();
    const key = keyOf("submitter", "other");
    for (const path of ["/v1/executions", "/v1/sessions"]) {
      expect((await json("GET", path)).body.items.length).toBeGreaterThan(0);
      expect((await json("GET", path, { key })).body).toEqual({ items: [], nextCursor: null });
      const asked = await json("GET", `${path}?tenant=t`, { key });
      expect(asked).toMatchObject({ status: 403, body: { code: "forbidden" } });
      expect((await json("GET", `${path}?tenant=nobody`, { key })).status).toBe(403);
    }
  });
});

describe("an auditor", () => {
  /** All that there is for it: a route that is added is refused until it stands here. */
  const may = [
    "GET /v1/policies",
    "GET /v1/policies/{name}",
    "GET /v1/policies/{name}/lint",
    "POST /v1/policies/{name}/explain",
    "GET /v1/policies/{name}/diff",
    "GET /v1/posture",
    "GET /v1/proofs",
    "GET /v1/attempts",
    "GET /v1/proofs/{id}",
    "GET /v1/executions/{id}/receipt",
    "GET /v1/signing-keys",
    "GET /v1/audit/events",
    "GET /v1/audit/heads",
    "GET /v1/audit/proofs/inclusion",
    "GET /v1/audit/proofs/consistency",
  ];
  const isFor = (route: Route) => may.includes(`${route.method} ${route.path}`);
  const refused = ours.filter((route) => !isFor(route));

  test("finds all that it may read", () => {
    expect(ours.filter(isFor)).toHaveLength(may.length);
  });

  test.each(named(refused))("may not %s, of its own tenant or another", async (_, route) => {
    const { ask, keyOf, toPath, expectUntouched } = await withThings();
    for (const tenant of ["t", "other"]) {
      const init = { ...initOf(route), key: keyOf("auditor", tenant) };
      const response = await ask(route.method, toPath(route.path), init);
      expect(response.status).toBe(403);
      // A HEAD has no body.
      if (route.method !== "HEAD") expect(await response.json()).toMatchObject({ code: "forbidden" });
    }
    expect(Object.keys(route.operation.responses)).toContain("403");
    expectUntouched();
  });

  test.each(named(ours.filter(isFor)))("may %s, and of receipts its own tenant's", async (_, route) => {
    const { ask, keyOf, toPath } = await withThings();
    const answerTo = async (tenant: string) => {
      const init = { ...initOf(route), key: keyOf("auditor", tenant) };
      const response = await ask(route.method, toPath(route.path), init);
      await response.body?.cancel();
      return response.status;
    };
    expect(await answerTo("t")).toBe(200);
    expect(await answerTo("other")).toBe(route.path.endsWith("/receipt") ? 404 : 200);
  });

  test.each(["/metrics", "/v1/executions/x/receipt/../events", "/v1/", "/v1/nothing", "/v1/%65xecutions"])(
    "may not read %s",
    async (path) => {
      const { ask, keyOf } = httpApp();
      expect((await ask("GET", path, { key: keyOf("auditor") })).status).toBe(403);
    },
  );
});

describe("a submitter", () => {
  const notFor = ours.filter(
    ({ method, path }) => method === "GET" && /^\/v1\/(audit|proofs|attempts|posture|keys)/.test(path),
  );

  test.each(named(notFor))("may not %s", async (_, route) => {
    const { ask, toPath } = await withThings();
    expect((await ask("GET", toPath(route.path))).status).toBe(403);
    expect(Object.keys(route.operation.responses)).toContain("403");
  });
});

describe("an admin", () => {
  test.each(named(ours))("may %s, of any tenant", async (_, route) => {
    const { ask, toPath, fileKey } = await withThings();
    const response = await ask(route.method, toPath(route.path), {
      ...initOf(route),
      key: fileKey,
      headers: { prefer: "respond-async", ...initOf(route).headers },
    });
    // What is not in the state for it is a conflict; nothing is forbidden, or not there.
    expect([200, 201, 202, 204, 409]).toContain(response.status);
    expect(Object.keys(route.operation.responses)).toContain(String(response.status));
    await response.body?.cancel();
  });
});
