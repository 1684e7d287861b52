import { describe, expect, test } from "vitest";
import { SandboxFault } from "../../../src/engine/ports/runtime.ts";
import { aReport } from "../../support/fake-runtime.ts";
import type { Ask } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";
import { body, later, submitting } from "./submitting.ts";

describe("a caller that goes away", () => {
  const leave = async (rest: Ask, setting = submitting()) => {
    const runs = setting.held();
    const gone = new AbortController();
    const answer = setting
      .ask("POST", "/v1/executions", { body, ...rest, signal: gone.signal })
      .catch(() => {});
    await settled();
    const { id } = runs.last.request;
    gone.abort();
    await settled();
    await settled();
    const record = JSON.parse(setting.stores.executions.find("t", id) ?? "");
    return { ...setting, runs, record, answer };
  };

  test("and waited for the answer, without a key, cancels it", async () => {
    const { record, lines, answer } = await leave({});
    expect(record).toMatchObject({ status: "finished", observation: { outcome: "cancelled" } });
    await answer;
    expect(lines).toHaveLength(1);
  });

  test("and has a key can come back for it", async () => {
    const headers = { "idempotency-key": "k" };
    const { record, runs, submit } = await leave({ headers });
    expect(record.status).toBe("running");
    const again = submit({ headers });
    await settled();
    await runs.last.end(aReport("still there"));
    expect((await again).body).toMatchObject({ id: record.id, observation: { stdout: "still there" } });
    expect(runs.begun).toHaveLength(1);
  });

  test("and didn't wait cancels nothing", async () => {
    expect((await leave({ headers: later })).record.status).toBe("running");
  });

  test("before it was accepted leaves a cancelled one", async () => {
    const { ask, stores, runtime } = submitting();
    const images = Promise.withResolvers<typeof runtime.availableImages>();
    runtime.images = () => images.promise;
    const gone = new AbortController();
    void ask("POST", "/v1/executions", { body, signal: gone.signal }).catch(() => {});
    await settled();
    gone.abort();
    images.resolve(runtime.availableImages);
    await settled();
    await settled();
    const [{ outcome } = {}] = stores.executions.list("t", { limit: 9 }).items;
    expect(outcome).toBe("cancelled");
  });
});

describe("an Idempotency-Key", () => {
  const headers = { "idempotency-key": "k" };

  test("makes one execution of two requests, one after the other", async () => {
    const { submit, runtime } = submitting();
    const first = await submit({ headers });
    const second = await submit({ headers });
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect(runtime.creates).toBe(1);
  });

  test("makes one execution of two requests at the same time, in whatever way they ask", async () => {
    const { submit, held } = submitting();
    const runs = held();
    const asynchronous = await submit({ headers: { ...headers, ...later } });
    const waiting = submit({ headers });
    const again = await submit({ headers: { ...headers, ...later } });
    expect([again.status, again.body.id]).toEqual([202, asynchronous.body.id]);
    await runs.last.end();
    expect((await waiting).body.id).toBe(asynchronous.body.id);
    expect(runs.begun).toHaveLength(1);
    expect((await submit({ headers: { ...headers, ...later } })).body).toEqual((await waiting).body);
  });

  test("with another body is a conflict", async () => {
    const { submit } = submitting();
    await submit({ headers });
    const other = await submit({ headers, body: { code: "2" } });
    expect(other).toMatchObject({
      status: 409,
      body: { code: "conflict", detail: expect.stringContaining('"k"') },
    });
  });

  test("of another tenant is another", async () => {
    const { submit, keyOf } = submitting();
    const first = await submit({ headers });
    const other = await submit({ headers, body: { code: "2" }, key: keyOf("submitter", "other") });
    expect(other.status).toBe(200);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test("is free again after a fault, also one that is found out later", async () => {
    const { submit, runtime } = submitting();
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    expect((await submit({ headers })).status).toBe(502);
    const failed = await submit({ headers: { ...headers, ...later } });
    await settled();
    runtime.run = async () => aReport("fine");
    const again = await submit({ headers });
    expect(again).toMatchObject({ status: 200, body: { observation: { stdout: "fine" } } });
    expect(again.body.id).not.toBe(failed.body.id);
  });

  test("whose execution could not be stored at its end leads to that one, once it is stored, and to no other", async () => {
    const { submit, held, stores, late, runtime } = submitting();
    const runs = held();
    const first = await submit({ headers: { ...headers, ...later } });
    await settled();
    stores.executions.full = true;
    await runs.last.end();
    expect((await submit({ headers })).status).toBe(503);
    stores.executions.full = false;
    late.retry();
    expect(await submit({ headers })).toMatchObject({ status: 200, body: { id: first.body.id } });
    expect(runtime.made.filter(({ runs: times }) => times > 0)).toHaveLength(1);
  });

  test.each(["", "a b", "\u00fc", "x".repeat(256)])("%j is none", async (key) => {
    const { submit, runtime } = submitting();
    const { status, body: problem } = await submit({ headers: { "idempotency-key": key } });
    expect([status, problem.issues?.[0]?.field]).toEqual([400, "Idempotency-Key"]);
    expect(runtime.creates).toBe(0);
  });
});
