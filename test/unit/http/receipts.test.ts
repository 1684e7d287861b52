import { describe, expect, test } from "vitest";
import { createExecutionId } from "../../../src/domain/ids.ts";
import { signingKeySchema } from "../../../src/domain/signing-key.ts";
import { parseReceipt, verifyReceipt } from "../../../src/integrity/receipt.ts";
import { parseSigningKeys } from "../../../src/integrity/signing-keys.ts";
import { aReport } from "../../support/fake-runtime.ts";
import { httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

const setUp = async () => {
  const app = httpApp();
  const { body } = await app.json("POST", "/v1/executions", { body: { code: "print(1)" } });
  return { ...app, id: body.id as string, path: `/v1/executions/${body.id}` };
};

const none = `/v1/executions/${createExecutionId(1)}`;

describe("GET a receipt", () => {
  test("answers with what the key that is listed has signed", async () => {
    const { ask, json, path, id } = await setUp();
    const response = await ask("GET", `${path}/receipt`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"]);
    const receipt = parseReceipt(await response.text());
    expect(receipt.body.execution).toBe(id);
    const { items } = (await json("GET", "/v1/signing-keys")).body;
    const [key] = items.map((item: unknown) => signingKeySchema.parse(item));
    expect(verifyReceipt(receipt, parseSigningKeys(key.publicKey))).toEqual({ valid: true });
  });

  test("may be cached for good, and is not sent to whoever has it", async () => {
    const { ask, path } = await setUp();
    const first = await ask("GET", `${path}/receipt`);
    const etag = first.headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
    expect(first.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    const again = await ask("GET", `${path}/receipt`, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    const other = await ask("GET", `${path}/receipt`, { headers: { "if-none-match": '"x"' } });
    expect(other.status).toBe(200);
  });

  test("is for its tenant, its auditors and admins", async () => {
    const { ask, keyOf, path, fileKey } = await setUp();
    for (const key of [keyOf("submitter", "t"), keyOf("auditor", "t"), fileKey]) {
      expect((await ask("GET", `${path}/receipt`, { key })).status).toBe(200);
    }
    for (const key of [keyOf("submitter", "other"), keyOf("auditor", "other")]) {
      expect((await ask("GET", `${path}/receipt`, { key })).status).toBe(404);
    }
  });

  test("of one that waits, failed or isn't there says why there is none", async () => {
    const { ask, json, held, ledger } = await setUp();
    const runs = held();
    const { body: pending } = await json("POST", "/v1/executions", {
      body: { code: "" },
      headers: { prefer: "respond-async" },
    });
    await settled();
    const path = `/v1/executions/${pending.id}/receipt`;
    const early = await json("GET", path);
    expect(early).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(early.body.detail).toContain("has not ended");
    expect(early.headers.get("etag")).toBeNull();
    await runs.last.fail(new Error("broke"));
    expect(ledger.find("t", pending.id)).toBeUndefined();
    const late = await json("GET", path);
    expect(late).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(late.body.detail).toContain("the service failed to carry it through");
    expect((await ask("GET", `${none}/receipt`)).status).toBe(404);
  });
});

describe("POST a replay", () => {
  test("runs it again as it was, and tells what differs", async () => {
    const { json, path, id, runtime } = await setUp();
    const same = await json("POST", `${path}/replay`);
    expect(same).toMatchObject({ status: 200, body: { original: id, same: true, differences: [] } });
    expect(same.body.replayed).not.toBe(id);
    expect((await json("GET", `/v1/executions/${same.body.replayed}`)).body.status).toBe("finished");
    runtime.run = async () => aReport("2\n");
    expect((await json("POST", `${path}/replay`)).body).toMatchObject({
      same: false,
      differences: [{ field: "stdout", original: "1\n", replayed: "2\n" }],
    });
  });

  test("with an Idempotency-Key happens once, and says the same again", async () => {
    const { json, path, runtime } = await setUp();
    const headers = { "idempotency-key": "k" };
    const first = await json("POST", `${path}/replay`, { headers });
    const made = runtime.made.length;
    runtime.run = async () => aReport("2\n");
    expect((await json("POST", `${path}/replay`, { headers })).body).toEqual(first.body);
    expect(runtime.made.length).toBe(made);
  });

  test("is for its own tenant and admins, whose replay is the tenant's too", async () => {
    const { ask, json, keyOf, path, fileKey } = await setUp();
    expect((await ask("POST", `${path}/replay`, { key: keyOf("auditor", "t") })).status).toBe(403);
    expect((await ask("POST", `${path}/replay`, { key: keyOf("submitter", "other") })).status).toBe(404);
    const { body } = await json("POST", `${path}/replay`, { key: fileKey });
    expect(body.same).toBe(true);
    expect((await ask("GET", `/v1/executions/${body.replayed}`)).status).toBe(200);
  });

  test("that can't be the same is a conflict with its reason", async () => {
    const { json, aSession } = await setUp();
    const session = await aSession();
    const { body } = await json("POST", `${session}/executions`, { body: { code: "1" } });
    const answer = await json("POST", `/v1/executions/${body.id}/replay`);
    expect(answer).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(answer.body.detail).toContain("session");
    expect((await json("POST", `${none}/replay`)).status).toBe(404);
  });
});
