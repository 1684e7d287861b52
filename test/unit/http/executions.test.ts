import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../src/domain/errors.ts";
import {
  executionRecordSchema,
  executionSchema,
  executionSummarySchema,
  pendingExecutionSchema,
} from "../../../src/domain/execution.ts";
import { InputsRefused, SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { settled } from "../../support/manual-clock.ts";
import { submitting } from "./submitting.ts";

describe("POST /v1/executions", () => {
  test("answers when it has ended, says where it is, and the store has the same", async () => {
    const { submit, json } = submitting();
    const { status, headers, body: execution } = await submit();
    expect(status).toBe(200);
    expect(executionSchema.parse(execution).observation).toMatchObject({ outcome: "ok", stdout: "1\n" });
    expect(headers.get("location")).toBe(`/v1/executions/${execution.id}`);
    expect(headers.get("x-execution-id")).toBe(execution.id);
    expect(headers.get("content-type")).toBe("application/json");
    expect((await json("GET", headers.get("location") ?? "")).body).toEqual(execution);
  });

  test("answers at once where it is asked to, and the result is read later", async () => {
    const { submit, json, held } = submitting();
    const runs = held();
    const { status, headers, body: pending } = await submit({ headers: { prefer: "wait=1, Respond-Async" } });
    expect(status).toBe(202);
    expect(pendingExecutionSchema.strict().parse(pending)).toMatchObject({ status: "queued" });
    const location = headers.get("location") ?? "";
    await settled();
    expect((await json("GET", location)).body.status).toBe("running");
    await runs.last.end(aReport("x"));
    expect((await json("GET", location)).body).toMatchObject({
      status: "finished",
      observation: { stdout: "x" },
    });
  });

  test.each([
    [{ code: "", limits: { wallMs: 99_999 } }, 400, "invalid_request", "limits.wallMs"],
    [{ code: "", files: { "action.py": "" } }, 400, "invalid_request", 'files["action.py"]'],
    [{ code: "", policy: "nope" }, 404, "not_found", undefined],
    [{ code: "", image: "nope" }, 403, "policy_denied", undefined],
  ])("%j gets %i %s", async (action, status, code, field) => {
    const { submit } = submitting();
    const answer = await submit({ body: action });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.issues?.[0]?.field).toBe(field);
  });

  test("files that don't fit and sandboxes that break are told apart", async () => {
    const { submit, runtime } = submitting();
    runtime.run = async () => {
      throw new InputsRefused("no room");
    };
    expect(await submit()).toMatchObject({
      status: 400,
      body: { issues: [{ field: "files" }], infra: false },
    });
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    expect(await submit()).toMatchObject({ status: 502, body: { code: "sandbox_failed", infra: true } });
  });

  test("a store that can't be written refuses, and nothing runs", async () => {
    const { submit, stores, runtime } = submitting();
    stores.executions.full = true;
    expect(await submit()).toMatchObject({
      status: 503,
      body: { code: "store_unavailable", retryable: true },
    });
    expect(runtime.creates).toBe(0);
  });

  test("above the queue answers 503 with a time to retry", async () => {
    const { submit, begin, held } = submitting({ engine: { maxRunning: 1, maxQueued: 0 } });
    held();
    await begin();
    const refused = await submit();
    expect(refused).toMatchObject({ status: 503, body: { code: "capacity_exhausted" } });
    expect(refused.headers.get("retry-after")).toBe("1");
  });

  test.each(["env", "files"])(
    "a body with too many %s is refused before its schema walks it",
    async (name) => {
      const { submit } = submitting({ http: { maxBodyBytes: 1_000_000 } });
      const names = Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`k${n}`, ""]));
      const { status, body: problem } = await submit({ body: { code: "", [name]: names } });
      expect([status, problem.issues]).toMatchObject([
        400,
        [{ field: name, message: expect.stringContaining("not 2000") }],
      ]);
    },
  );

  test("a name that the schema would drop without a word is refused", async () => {
    const { submit } = submitting();
    const { status, body: problem } = await submit({ body: '{"code": "", "files": {"__proto__": ""}}' });
    expect([status, problem.issues?.[0]?.field]).toEqual([400, "files.__proto__"]);
  });
});

describe("GET /v1/executions/{id}", () => {
  test("answers one that failed with its error", async () => {
    const { begin, json, runtime } = submitting();
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    const { status, body: record } = await json("GET", await begin());
    expect(status).toBe(200);
    expect(executionRecordSchema.parse(record)).toMatchObject({
      status: "failed",
      error: { code: "sandbox_failed" },
    });
  });
});

describe("GET /v1/executions", () => {
  const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);

  test("lists pages of all, newest first, without output", async () => {
    const { submit, json, clock } = submitting();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) {
      ids.unshift((await submit()).body.id);
      await clock.advance(10);
    }
    const first = await json("GET", "/v1/executions?limit=3");
    expect(
      first.body.items.map((item: unknown) => executionSummarySchema.strict().parse(item).outcome),
    ).toEqual(["ok", "ok", "ok"]);
    const second = await json(
      "GET",
      `/v1/executions?limit=3&cursor=${encodeURIComponent(first.body.nextCursor)}`,
    );
    expect([...idsOf(first.body.items), ...idsOf(second.body.items)]).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
  });

  test("picks by status, outcome, session, time and tenant", async () => {
    const { submit, begin, json, aSession, ask, clock, keyOf, held, runtime } = submitting();
    const first = (await submit()).body;
    await clock.advance(1000);
    const session = await aSession();
    const inSession = (await json("POST", `${session}/executions`, { body: { code: "" } })).body;
    runtime.run = async () => aReport("", { exitCode: 3 });
    const failing = (await submit({ key: keyOf("submitter", "other") })).body;
    held();
    const running = (await begin()).split("/").at(-1);
    const find = async (query: string, role: "submitter" | "admin" = "admin") =>
      idsOf((await json("GET", `/v1/executions?${query}`, { key: keyOf(role) })).body.items).toSorted();
    const all = [first.id, inSession.id, failing.id, running].toSorted();
    expect(await find("")).toEqual(all);
    expect(await find("status=running")).toEqual([running]);
    expect(await find("outcome=nonzero_exit")).toEqual([failing.id]);
    expect(await find(`session=${inSession.session.id}`)).toEqual([inSession.id]);
    expect(await find(`createdBefore=${first.createdAt}`)).toEqual([first.id]);
    expect(await find(`createdAfter=${inSession.createdAt}`)).toHaveLength(3);
    expect(await find("tenant=other")).toEqual([failing.id]);
    expect(await find("tenant=t", "submitter")).toHaveLength(3);
    expect((await ask("GET", "/v1/executions?tenant=other")).status).toBe(403);
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["limit=x", "limit"],
    ["status=done", "status"],
    ["outcome=fine", "outcome"],
    ["createdAfter=yesterday", "createdAfter"],
    ["createdBefore=2026-01-01", "createdBefore"],
    ["cursor=nonsense", "cursor"],
  ])("%s gets 400 that names %s", async (query, field) => {
    const { status, body: problem } = await submitting().json("GET", `/v1/executions?${query}`);
    expect([status, problem.issues?.[0]?.field]).toEqual([400, field]);
  });
});

test("a fault that was thrown on purpose after acceptance is answered as itself", async () => {
  const { submit, runtime, clock } = submitting();
  runtime.beforeCreate = () => {
    throw new ServiceError("runtime_unavailable", "the engine is away");
  };
  const answer = submit();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settled();
    await clock.advance(1000);
  }
  expect(await answer).toMatchObject({ status: 503, body: { code: "runtime_unavailable", infra: true } });
});
