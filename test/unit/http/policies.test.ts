import { describe, expect, test } from "vitest";
import { answerSchema } from "../../../src/policies/explain/question.ts";
import { findingSchema } from "../../../src/policies/lint/finding.ts";
import { httpApp } from "../../support/http-app.ts";

const asAuditor = () => {
  const app = httpApp();
  const key = app.keyOf("auditor", "other");
  const ask = (method: string, path: string, body?: unknown) =>
    app.json(method, path, { key, ...(body === undefined ? {} : { body }) });
  return { ...app, as: ask };
};

describe("an auditor", () => {
  test("reads a policy whole, with where each part was said", async () => {
    const { body } = await asAuditor().as("GET", "/v1/policies/strict");
    expect(body).toMatchObject({
      policy: { name: "strict", environment: { allow: [] } },
      lineage: ["strict", "default"],
    });
    expect(body.origins["limits.wallMs"]).toMatch(/^policies\/strict\.yaml:\d+$/);
    expect(body.origins["limits.cpus"]).toMatch(/^policies\/default\.yaml:\d+$/);
  });

  test("reads what is weak in it", async () => {
    const { as } = asAuditor();
    const { body } = await as("GET", "/v1/policies/default/lint");
    for (const finding of body.items) findingSchema.parse(finding);
    expect(body.items.length).toBeGreaterThan(2);
    expect(typeof body.clean).toBe("boolean");
  });

  test("asks what it allows, which changes nothing and costs nothing", async () => {
    const { as } = asAuditor();
    const { status, headers, body } = await as("POST", "/v1/policies/default/explain", {
      about: "write",
      path: "/etc/passwd",
    });
    expect(status).toBe(200);
    expect(answerSchema.parse(body)).toMatchObject({ allowed: false });
    const again = await as("POST", "/v1/policies/default/explain", { about: "env", name: "A" });
    expect(again.headers.get("ratelimit")).toBe(headers.get("ratelimit"));
  });

  test("compares two", async () => {
    const { as } = asAuditor();
    const same = await as("GET", "/v1/policies/default/diff?against=default");
    expect(same.body).toEqual({ items: [], loosens: false });
    const strict = (await as("GET", "/v1/policies/strict/diff?against=default")).body;
    expect(strict.loosens).toBe(false);
    expect(strict.items).toContainEqual({
      direction: "tightens",
      field: "require",
      says: "landlock is required",
    });
    expect((await as("GET", "/v1/policies/default/diff?against=strict")).body.loosens).toBe(true);
  });
});

test.each([
  ["GET", "/v1/policies/nobody"],
  ["GET", "/v1/policies/nobody/lint"],
  ["GET", "/v1/policies/default/diff?against=nobody"],
  ["POST", "/v1/policies/nobody/explain"],
])("%s %s is not found, and says what there is", async (method, path) => {
  const body = method === "POST" ? { about: "env", name: "A" } : undefined;
  const answer = await asAuditor().as(method, path, body);
  expect(answer).toMatchObject({ status: 404, body: { code: "not_found" } });
  expect(answer.body.detail).toContain("strict");
});

test.each([
  ["GET", "/v1/policies/default/diff", "against"],
  ["GET", "/v1/policies/default/diff?to=strict", "against"],
  ["GET", "/v1/policies/default/diff?against=default&to=strict", "to"],
  ["GET", "/v1/policies/default?against=strict", "against"],
  ["GET", "/v1/policies/default/lint?rule=CLP034", "rule"],
  ["POST", "/v1/policies/default/explain?about=env", "about"],
])("%s %s is refused, and the field %s is named", async (method, path, field) => {
  const body = method === "POST" ? { about: "env", name: "A" } : undefined;
  const answer = await asAuditor().as(method, path, body);
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.body)).toContain(field);
});

test("a submitter reads the list, and no more", async () => {
  const { json } = httpApp();
  expect((await json("GET", "/v1/policies")).status).toBe(200);
  for (const path of ["", "/lint", "/diff"]) {
    expect((await json("GET", `/v1/policies/default${path}`)).status).toBe(403);
  }
  const question = { about: "env", name: "A" };
  expect((await json("POST", "/v1/policies/default/explain", { body: question })).status).toBe(403);
});

test("what is no question is refused with its field", async () => {
  const { as } = asAuditor();
  const { status, body } = await as("POST", "/v1/policies/default/explain", { about: "write", path: "x" });
  expect(status).toBe(400);
  expect(body.issues).toMatchObject([{ field: "path" }]);
});

test("without an engine it is judged all the same", async () => {
  const app = asAuditor();
  app.runtime.images = async () => {
    throw new Error("the engine is away");
  };
  expect((await app.as("GET", "/v1/policies/default/lint")).status).toBe(200);
});
