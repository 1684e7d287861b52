import { describe, expect, test } from "vitest";
import { executionRecordSchema } from "../../../src/domain/execution.ts";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { FileRefused } from "../../../src/engine/ports/sandbox-files.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { settled } from "../../support/manual-clock.ts";
import { body, submitting } from "./submitting.ts";

describe.each([["interrupt"], ["cancel"]])("POST /v1/executions/{id}/%s", (name) => {
  test("tells the run", async () => {
    const { begin, json, held, runtime } = submitting();
    held();
    const path = await begin();
    const { status, body: record } = await json("POST", `${path}/${name}`);
    expect(status).toBe(202);
    expect(executionRecordSchema.parse(record).status).toBe("running");
    await settled();
    expect(runtime.made[0]?.interrupted).toHaveLength(name === "interrupt" ? 1 : 0);
    const after = (await json("GET", path)).body;
    expect(after.status).toBe(name === "interrupt" ? "running" : "finished");
  });

  test("is a conflict when it has ended, and not there when it never was", async () => {
    const { submit, json } = submitting();
    const { id } = (await submit()).body;
    expect(await json("POST", `/v1/executions/${id}/${name}`)).toMatchObject({
      status: 409,
      body: { code: "conflict" },
    });
    expect(await json("POST", `/v1/executions/exe_0/${name}`)).toMatchObject({ status: 404 });
  });

  test("with a key happens once", async () => {
    const { begin, json, held, runtime } = submitting();
    held();
    const path = `${await begin()}/${name}`;
    const headers = { "idempotency-key": "k" };
    const first = await json("POST", path, { headers });
    await settled();
    expect([first.status, (await json("POST", path, { headers })).status]).toEqual([202, 202]);
    expect(runtime.made[0]?.interrupted.length).toBeLessThanOrEqual(1);
  });
});

test("an interrupt of one that waits is a conflict, a cancel ends it", async () => {
  const { begin, json, held } = submitting({ engine: { maxRunning: 1 } });
  held();
  await begin();
  const waiting = await begin();
  expect((await json("POST", `${waiting}/interrupt`)).status).toBe(409);
  expect((await json("POST", `${waiting}/cancel`)).status).toBe(202);
  await settled();
  expect((await json("GET", waiting)).body).toMatchObject({ observation: { outcome: "cancelled" } });
});

describe("POST /v1/executions/{id}/stdin", () => {
  const octets = { "content-type": "application/octet-stream" };
  const feed = async (
    parts: ReturnType<typeof submitting>,
    query = "",
    headers: Record<string, string> = {},
    path?: string,
  ) => {
    const target = path ?? (await parts.begin({ body: { ...body, keepStdin: true } }));
    const response = await parts.ask("POST", `${target}/stdin${query}`, {
      body: "line\n",
      headers: { ...octets, ...headers },
    });
    return {
      target,
      status: response.status,
      problem: response.status === 204 ? undefined : problemSchema.parse(await response.json()),
    };
  };

  test("feeds the run, and can close its input", async () => {
    const parts = submitting();
    parts.held();
    const { target, status } = await feed(parts);
    expect(status).toBe(204);
    expect((await feed(parts, "?close=true", {}, target)).status).toBe(204);
    const runId = target.split("/").at(-1);
    expect(parts.runtime.made[0]?.fed).toEqual([
      { runId, data: "line\n", close: false },
      { runId, data: "line\n", close: true },
    ]);
  });

  test("with a key feeds once; another way of feeding under the key is a conflict", async () => {
    const parts = submitting();
    parts.held();
    const key = { "idempotency-key": "k" };
    const { target } = await feed(parts, "", key);
    expect((await feed(parts, "", key, target)).status).toBe(204);
    expect((await feed(parts, "?close=true", key, target)).status).toBe(409);
    expect(parts.runtime.made[0]?.fed).toHaveLength(1);
  });

  test.each([
    [new FileRefused(32, "closed"), 409, "conflict", "is not open"],
    [new FileRefused(11, "full"), 409, "file_refused", "has more waiting"],
    [new FileRefused(5, "other"), 409, "file_refused", "errno 5"],
    [new SandboxFault("gone", true), 502, "sandbox_failed", "did not answer"],
  ])("that is refused with %s gets %i %s", async (refusal, status, code, detail) => {
    const parts = submitting();
    parts.held();
    parts.runtime.onCreate = (sandbox) => {
      sandbox.refusal = refusal;
    };
    const answer = await feed(parts);
    expect(answer).toMatchObject({ status, problem: { code, detail: expect.stringContaining(detail) } });
    expect(answer.problem?.detail).not.toContain(refusal.message);
  });

  test("is a conflict before the run begins and after its end; a wrong query is named", async () => {
    const parts = submitting({ engine: { maxRunning: 1 } });
    const runs = parts.held();
    const first = await parts.begin();
    const waiting = await parts.begin();
    expect((await feed(parts, "", {}, waiting)).problem).toMatchObject({ status: 409, code: "conflict" });
    expect((await feed(parts, "?close=yes", {}, first)).problem?.issues?.[0]?.field).toBe("close");
    await runs.last.end();
    expect((await feed(parts, "", {}, first)).problem).toMatchObject({ status: 409, code: "conflict" });
    expect((await feed(parts, "", {}, "/v1/executions/exe_0")).status).toBe(404);
  });

  test("a body over the bound gets 413", async () => {
    const parts = submitting();
    parts.held();
    const path = await parts.begin();
    const response = await parts.ask("POST", `${path}/stdin`, { body: "x".repeat(3000), headers: octets });
    expect(response.status).toBe(413);
  });
});
