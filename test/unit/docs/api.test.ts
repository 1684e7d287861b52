import { describe, expect, test } from "vitest";
import { generateOpenApi } from "../../../scripts/tasks/openapi.ts";
import { actionSchema, sessionActionSchema } from "../../../src/domain/action.ts";
import { batchSchema } from "../../../src/domain/batch.ts";
import { newCohortSchema } from "../../../src/domain/cohort.ts";
import { executionSchema, executionStatuses } from "../../../src/domain/execution.ts";
import { executionEventSchemas } from "../../../src/domain/execution-event.ts";
import { observationSchema } from "../../../src/domain/observation.ts";
import { newProofSchema } from "../../../src/domain/proof.ts";
import { newSessionSchema, sessionSchema, sessionStates } from "../../../src/domain/session.ts";
import { keySchema, newKeySchema, tenantLimitsSchema } from "../../../src/domain/tenant.ts";
import { problemSchema } from "../../../src/http/problem.ts";
import { readinessSchema } from "../../../src/http/routes/health.ts";
import { questionSchema } from "../../../src/policies/explain/question.ts";
import { blocksOf, codesIn, documents, readDocument, tableOf } from "./documents.ts";

const readme = readDocument("README.md");
const api = readDocument("docs/api.md");

test("docs/openapi.json is what the routes say; npm run openapi writes it", async () => {
  expect(readDocument("docs/openapi.json")).toBe(await generateOpenApi());
});

test("docs/api.md has every route of the OpenAPI document", () => {
  const { paths } = JSON.parse(readDocument("docs/openapi.json")) as { paths: Record<string, object> };
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) expect(api).toContain(`${method.toUpperCase()} ${path}`);
  }
});

test.each([
  ["event", Object.keys(executionEventSchemas)],
  ["status", [...executionStatuses]],
  ["state", [...sessionStates]],
  ["role", keySchema.shape.role.options],
  ["limit", Object.keys(tenantLimitsSchema.shape)],
])("docs/api.md has a table with every %s, and no other", (head, names) => {
  const told = tableOf(api, head).flatMap(([cell]) => codesIn(cell ?? ""));
  expect(told.sort()).toEqual(names.sort());
});

/** What a POST or PUT to an address of an example takes. */
const bodySchemas = [
  [/\/v1\/executions$|^\/executions$/, actionSchema],
  [/\/v1\/sessions$|^\/sessions$/, newSessionSchema],
  [/^\$S\/executions$|^\/sessions\/\{session\}\/executions$/, sessionActionSchema],
  [/\/v1\/batches$/, batchSchema],
  [/\/v1\/cohorts$/, newCohortSchema],
  [/\/v1\/keys$/, newKeySchema],
  [/\/v1\/proofs$/, newProofSchema],
  [/\/limits$/, tenantLimitsSchema],
  [/\/explain$/, questionSchema],
] as const;

const schemaFor = (address: string) => {
  const found = bodySchemas.find(([pattern]) => pattern.test(address));
  if (!found) throw new Error(`no schema for ${address}`);
  return found[1];
};

/** Commands with a JSON body, in the order in which they stand; one may go on over several lines. */
const requestsOf = (text: string) =>
  blocksOf(text, "sh").flatMap((block) =>
    [...block.replaceAll(/\\\n\s*/g, "").matchAll(/^.*?((?:http:|\$)[\w$:/.{}-]+).*?-d '([^']+)'/gm)].map(
      ([line, address = "", body = ""]) => ({
        address: lastAddress(line) ?? address,
        body: JSON.parse(body) as unknown,
      }),
    ),
  );

const lastAddress = (line: string) =>
  line
    .replace(/ -d '.*/, "")
    .match(/(?:http:|\$)[\w$:/.{}-]+/g)
    ?.at(-1);

describe("examples in the documents", () => {
  const schemas = {
    action: actionSchema,
    "session-action": sessionActionSchema,
    "new-session": newSessionSchema,
    session: sessionSchema.strict(),
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

  test.each([
    ["README.md", readme, 6],
    ["docs/api.md", api, 12],
  ])("bodies of the commands in %s are what their addresses take", (_, text, least) => {
    const requests = requestsOf(text);
    expect(requests.length).toBeGreaterThanOrEqual(least);
    for (const { address, body } of requests) {
      const { success } = schemaFor(address).safeParse(body);
      // The one that shows an error.
      expect(success, JSON.stringify(body)).toBe(JSON.stringify(body) !== '{"cod":1}');
    }
  });

  test("bodies in the README's Python are what their addresses take", () => {
    const calls = blocksOf(readme, "python").flatMap((block) => [
      ...block.matchAll(/call\("POST", f?"([^"]+)", (\{.*\})\)/g),
    ]);
    expect(calls).toHaveLength(3);
    for (const [, address = "", body = ""] of calls) {
      expect(() => schemaFor(address).parse(JSON.parse(body))).not.toThrow();
    }
  });

  test("fields in the README's TypeScript are those of an action", () => {
    const bodies = blocksOf(readme, "ts").flatMap((block) =>
      [...block.matchAll(/JSON\.stringify\((\{.*\})/g)].map(([, body]) => body ?? ""),
    );
    expect(bodies).toHaveLength(1);
    for (const body of bodies) {
      const names = [...body.matchAll(/[{,]\s*"?(\w+)"?:/g)].map(([, name]) => name ?? "");
      expect(names).toContain("code");
      expect(names.filter((name) => !(name in actionSchema.shape))).toEqual([]);
    }
  });

  test("the README's test command is what CI runs", () => {
    const [command] = blocksOf(readme.slice(readme.indexOf("## Tests")), "sh");
    expect(readDocument(".ci/run")).toContain(`exec ${command?.trim()}`);
  });
});
