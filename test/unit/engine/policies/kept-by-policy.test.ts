/** What policies say of keeping, through the whole engine: the caller's answer, the store, and what is told again. */
import { describe, expect, test } from "vitest";
import { executionSchema } from "../../../../src/domain/execution.ts";
import type { RedactablePart } from "../../../../src/domain/policy.ts";
import { sha256 } from "../../../../src/integrity/hash.ts";
import { aPolicy } from "../../../support/builders.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { httpApp } from "../../../support/http-app.ts";

const underPolicy = (policy: ReturnType<typeof aPolicy>) => {
  const app = httpApp({ engine: { policies: [policy] } });
  app.runtime.run = async () => aReport("secret\n");
  return app;
};

const dropping = () => underPolicy(aPolicy({ redaction: { drop: ["stdout", "action"] } }));

describe("what a policy keeps out of the store", () => {
  test("is whole in the answer, and empty in what is read afterwards", async () => {
    const { json } = dropping();
    const answer = (await json("POST", "/v1/executions", { body: { code: "" } })).body;
    expect(answer.observation.stdout).toBe("secret\n");
    expect(answer).not.toHaveProperty("redacted");
    const read = (await json("GET", `/v1/executions/${answer.id}`)).body;
    expect(executionSchema.parse(read)).toMatchObject({
      redacted: ["stdout", "action"],
      observation: { stdout: "", usage: answer.observation.usage },
    });
  });

  test("is empty too for who sends the same request again", async () => {
    const { json } = dropping();
    const again = { body: { code: "" }, headers: { "idempotency-key": "k" } };
    const first = (await json("POST", "/v1/executions", again)).body;
    const second = (await json("POST", "/v1/executions", again)).body;
    expect(second).toMatchObject({
      id: first.id,
      redacted: ["stdout", "action"],
      observation: { stdout: "" },
    });
  });

  test("is not in the store in any other way", async () => {
    const { json, stores } = dropping();
    const { id } = (await json("POST", "/v1/executions", { body: { code: "print('hidden')" } })).body;
    expect(stores.executions.find(undefined, id)).not.toContain("secret");
    expect(stores.executions.submission(undefined, id)).toBeUndefined();
  });

  test("control: without it everything is kept", async () => {
    const { json } = underPolicy(aPolicy());
    const answer = (await json("POST", "/v1/executions", { body: { code: "" } })).body;
    expect((await json("GET", `/v1/executions/${answer.id}`)).body).toEqual(answer);
  });
});

describe("how long a policy keeps an execution", () => {
  test("is counted from when it was made, and others stay", async () => {
    const short = aPolicy({ retention: { hours: 1 } });
    const long = aPolicy({ name: "long" });
    const { json, stores, clock, runtime } = httpApp({ engine: { policies: [short, long] } });
    runtime.run = async () => aReport("");
    const ids = [];
    for (const policy of ["default", "long"]) {
      ids.push((await json("POST", "/v1/executions", { body: { code: "", policy } })).body.id);
    }
    const HOUR_MS = 3_600_000;
    expect(stores.executions.pruneKept(clock.now() + HOUR_MS - 1)).toBe(0);
    expect(stores.executions.pruneKept(clock.now() + HOUR_MS)).toBe(1);
    expect(ids.map((id) => stores.executions.find(undefined, id) !== undefined)).toEqual([false, true]);
  });
});

describe("names of files that a policy keeps out", () => {
  const named = (drop: RedactablePart[]) => {
    const app = underPolicy(aPolicy({ redaction: { drop } }));
    const report = aReport("");
    report.outputs = {
      files: [{ path: "zebra.txt", content: Buffer.from("x") }],
      skipped: [{ path: "zebra.bin", reason: "too_large" }],
    };
    app.runtime.run = async () => report;
    return app;
  };
  const body = { code: "", files: { "zebra-in.txt": "x" }, outputs: ["zebra*"] };

  test("are in neither store nor receipt; the one who asked has them", async () => {
    const { json, stores } = named(["action", "outputs"]);
    const answer = (await json("POST", "/v1/executions", { body })).body;
    expect(answer.observation.outputs.files).toMatchObject([{ path: "zebra.txt" }]);
    const receipt = (await json("GET", `/v1/executions/${answer.id}/receipt`)).body;
    expect(receipt.body.outputs.files).toEqual([
      { pathSha256: sha256("zebra.txt"), bytes: 1, sha256: sha256("x") },
    ]);
    expect(JSON.stringify(receipt)).not.toContain("zebra");
    expect(stores.executions.find(undefined, answer.id)).not.toContain("zebra");
  });

  test("are compared with those of a replay all the same", async () => {
    const { json, runtime } = named(["outputs"]);
    const { id } = (await json("POST", "/v1/executions", { body })).body;
    const again = await json("POST", `/v1/executions/${id}/replay`);
    expect(again.body).toMatchObject({ same: true });
    runtime.run = async () => aReport("");
    const other = await json("POST", `/v1/executions/${id}/replay`);
    expect(other.body.differences.map(({ field }: { field: string }) => field)).toEqual([
      "outputs.skipped",
      `outputs.files[${sha256("zebra.txt")}]`,
    ]);
  });

  test("control: without it the receipt tells them", async () => {
    const { json } = named([]);
    const { id } = (await json("POST", "/v1/executions", { body })).body;
    const receipt = (await json("GET", `/v1/executions/${id}/receipt`)).body;
    expect(receipt.body.outputs.files).toMatchObject([{ path: "zebra.txt" }]);
  });
});
