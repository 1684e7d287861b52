import { describe, expect, test } from "vitest";
import { generateOpenApi } from "../../../scripts/tasks/openapi.ts";
import { actionSchema } from "../../../src/domain/action.ts";
import { executionSchema } from "../../../src/domain/execution.ts";
import { observationSchema } from "../../../src/domain/observation.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { readinessSchema } from "../../../src/http/routes/health.ts";
import { blocksOf, documents, readDocument } from "./documents.ts";

const readme = readDocument("README.md");

test("docs/openapi.json is what the routes say; npm run openapi writes it", async () => {
  expect(readDocument("docs/openapi.json")).toBe(await generateOpenApi());
});

test("docs/api.md has every route of the OpenAPI document", () => {
  const { paths } = JSON.parse(readDocument("docs/openapi.json")) as { paths: Record<string, object> };
  const api = readDocument("docs/api.md");
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) expect(api).toContain(`${method.toUpperCase()} ${path}`);
  }
});

describe("examples in the documents", () => {
  const schemas = {
    action: actionSchema,
    execution: executionSchema.strict(),
    observation: observationSchema.strict(),
    problem: problemSchema.strict(),
    readiness: readinessSchema.strict(),
  };
  const examples = Object.entries(schemas).flatMap(([name, schema]) =>
    documents.flatMap((file) =>
      blocksOf(readDocument(file), `json ${name}`).map((body) => ({ name, file, schema, body })),
    ),
  );

  test("there are some of each kind", () => {
    expect([...new Set(examples.map(({ name }) => name))].sort()).toEqual(Object.keys(schemas).sort());
  });

  test.each(examples)("$file: a $name", ({ schema, body }) => {
    expect(() => schema.parse(JSON.parse(body))).not.toThrow();
  });

  test("bodies of the README's curl lines are actions", () => {
    const bodies = blocksOf(readme, "sh").flatMap((block) =>
      [...block.matchAll(/-d '([^']+)'/g)].map(([, body]) => JSON.parse(body ?? "")),
    );
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) expect(() => actionSchema.parse(body)).not.toThrow();
  });

  test("fields in the README's Python and TypeScript are those of an action", () => {
    const bodies = [...blocksOf(readme, "python"), ...blocksOf(readme, "ts")].flatMap((block) =>
      [...block.matchAll(/(?:json\.dumps\(|json=|JSON\.stringify\()(\{.*\})/g)].map(([, body]) => body ?? ""),
    );
    expect(bodies).toHaveLength(3);
    for (const body of bodies) {
      const names = [...body.matchAll(/[{,]\s*"?(\w+)"?:/g)].map(([, name]) => name ?? "");
      const fields = { ...actionSchema.shape, ...actionSchema.shape.limits.unwrap().shape };
      expect(names).toContain("code");
      expect(names.filter((name) => !(name in fields))).toEqual([]);
    }
  });

  test("the README's test command is what CI runs", () => {
    const [command] = blocksOf(readme.slice(readme.indexOf("## Tests")), "sh");
    expect(readDocument(".ci/run")).toContain(`exec ${command?.trim()}`);
  });
});
