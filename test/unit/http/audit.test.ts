import { describe, expect, test } from "vitest";
import { httpApp } from "../../support/http-app.ts";

/** What was recorded since the app was made and its key. */
const setUp = () => {
  const parts = httpApp();
  const before = parts.audit.events.length;
  return { ...parts, recorded: () => parts.audit.events.slice(before) };
};

describe("each request that does something is recorded with who sent it", () => {
  test("in a session and its files", async () => {
    const { ask, aSession, recorded } = setUp();
    const path = await aSession();
    expect((await ask("PUT", `${path}/files/a/b.txt`, { body: "12345" })).status).toBe(201);
    await (await ask("GET", `${path}/files/a/b.txt`)).text();
    await ask("DELETE", `${path}/files/a?recursive=true`);
    await ask("POST", `${path}/executions`, { body: { code: "1" } });
    await ask("POST", `${path}/reset`, { body: {} });
    await ask("DELETE", path);
    const events = recorded();
    expect(events.map(({ type }) => type)).toEqual([
      "session.opened",
      "files.written",
      "files.read",
      "files.removed",
      "execution.accepted",
      "execution.finished",
      "session.reset",
      "session.ended",
    ]);
    const asked = events.filter(({ type }) => type !== "execution.finished");
    for (const { actor, tenant } of asked) {
      expect(actor).toMatchObject({ keyId: expect.stringMatching(/^key_/), role: "submitter" });
      expect(tenant).toBe("t");
    }
    expect(events[1]?.data).toEqual({ path: expect.stringMatching(/^sha256:/), files: 1, bytes: 5 });
    expect(JSON.stringify(events)).not.toContain("b.txt");
  });

  test("executions, batches, cohorts, keys and limits", async () => {
    const { ask, json, keyOf, fileKey, audit, recorded } = setUp();
    await ask("POST", "/v1/executions", { body: { code: "1" } });
    await (await ask("POST", "/v1/batches", { body: { items: [{ id: "a", action: { code: "" } }] } })).text();
    const cohort = (await json("POST", "/v1/cohorts", { body: { size: 1, session: {} } })).body;
    await ask("DELETE", `/v1/cohorts/${cohort.id}`);
    for (const { type, actor } of recorded()) {
      if (type !== "execution.finished") expect(actor, type).toMatchObject({ role: "submitter" });
    }
    keyOf("auditor");
    const { body: key } = await json("POST", "/v1/keys", { key: fileKey, body: { name: "x\u0301" } });
    await ask("DELETE", `/v1/keys/${key.id}`, { key: fileKey });
    await ask("DELETE", `/v1/keys/${key.id}`, { key: fileKey });
    const limits = {
      sandboxes: 1,
      queued: 1,
      requestsPerMinute: 1,
      cpuSecondsPerDay: null,
      bytesPerDay: null,
    };
    await ask("PUT", "/v1/tenants/a/limits", { key: fileKey, body: limits });
    expect(audit.of("key.revoked")).toMatchObject([{ actor: { keyId: "file" }, subject: { key: key.id } }]);
    expect(audit.of("tenant.limits_set")).toMatchObject([{ tenant: "a", data: { sandboxes: 1 } }]);
    expect(JSON.stringify(audit.events)).not.toContain(key.secret);
  });

  test("a run that somebody cancels", async () => {
    const { ask, held, audit } = setUp();
    held();
    const begun = await ask("POST", "/v1/executions", {
      body: { code: "1" },
      headers: { prefer: "respond-async" },
    });
    const path = begun.headers.get("location") ?? "";
    expect((await ask("POST", `${path}/cancel`)).status).toBe(202);
    expect(audit.of("execution.cancelled")).toMatchObject([{ actor: { role: "submitter" } }]);
  });
});

describe("a request that is refused for its key or role", () => {
  test("is recorded, without its path, its key or its words", async () => {
    const { ask, audit } = setUp();
    await ask("GET", "/v1/executions/exe_hidden", { key: "clo_wrong" });
    await ask("GET", "/v1/keys");
    await ask("GET", "/v1/executions/exe_0");
    expect(audit.of("access.denied")).toMatchObject([
      { tenant: null, actor: null, data: { code: "unauthenticated", method: "GET", what: "runs" } },
      { tenant: "t", actor: { role: "submitter" }, data: { code: "forbidden", what: "keys" } },
    ]);
    expect(JSON.stringify(audit.events)).not.toMatch(/exe_hidden|clo_wrong/);
  });

  test("stays refused where that can't be recorded", async () => {
    const { ask, audit, errors } = setUp();
    audit.full = true;
    expect((await ask("GET", "/v1/keys")).status).toBe(403);
    expect(errors).toHaveLength(1);
  });
});

describe("where nothing can be recorded", () => {
  test.each<[string, string, object | undefined]>([
    ["POST", "/v1/executions", { code: "1" }],
    ["POST", "/v1/sessions", {}],
    ["POST", "/v1/cohorts", { size: 1, session: {} }],
    ["PUT", "{session}/files/a", undefined],
    ["POST", "{session}/executions", { code: "1" }],
    ["POST", "{session}/reset", {}],
  ])("%s %s is refused", async (method, path, body) => {
    const { json, aSession, audit } = setUp();
    const session = await aSession();
    audit.full = true;
    const answer = await json(method, path.replace("{session}", session), { body });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: "audit_unavailable", retryable: true, infra: true },
    });
  });

  test("no key is made or revoked, and no limit set", async () => {
    const { json, fileKey, keys, audit } = setUp();
    const { body: key } = await json("POST", "/v1/keys", { key: fileKey, body: { name: "x" } });
    audit.full = true;
    expect((await json("POST", "/v1/keys", { key: fileKey, body: { name: "y" } })).status).toBe(503);
    expect((await json("DELETE", `/v1/keys/${key.id}`, { key: fileKey })).status).toBe(503);
    expect(keys.authenticate(key.secret)).toBeDefined();
  });
});
