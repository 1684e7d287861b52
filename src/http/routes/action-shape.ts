/**
 * A look at the outline of a body with files before its schema walks it: a body of millions of names would
 * keep the schema, and with it everybody else, busy for seconds.
 */
import { createMiddleware } from "hono/factory";
import { actionSchema, maxNames, sessionActionSchema } from "../../domain/action.ts";
import { batchSchema } from "../../domain/batch.ts";
import { newCohortSchema } from "../../domain/cohort.ts";
import { ServiceError } from "../../domain/errors.ts";
import {
  maxMetadata,
  newSessionSchema,
  sessionChangeSchema,
  sessionResetSchema,
} from "../../domain/session.ts";
import type { AppEnv } from "../app-env.ts";
import { hasJson } from "../json-body.ts";

interface Part {
  /** Where it is in the body, as a prefix of its fields. */
  at: string;
  value: unknown;
  fields: ReadonlySet<string>;
}

const MAX_ISSUES = 20;

const maxOf = { ...maxNames, metadata: maxMetadata };

const fieldsOf = (schema: { shape: object }) => new Set(Object.keys(schema.shape));

const checkShape = (partsOf: (body: Record<string, unknown>) => Part[]) =>
  createMiddleware<AppEnv>(async (context, next) => {
    if (hasJson(context)) {
      const body: unknown = await context.req.json().catch(() => undefined);
      if (isRecord(body)) for (const part of partsOf(body)) checkOutline(part);
    }
    await next();
  });

const checkWhole = (schema: { shape: object }) => {
  const fields = fieldsOf(schema);
  return checkShape((value) => [{ at: "", value, fields }]);
};

export const checkActionShape = checkWhole(actionSchema);
export const checkSessionActionShape = checkWhole(sessionActionSchema);
export const checkSessionShape = checkWhole(newSessionSchema);
export const checkSessionChangeShape = checkWhole(sessionChangeSchema);
export const checkSessionResetShape = checkWhole(sessionResetSchema);

const actionFields = fieldsOf(actionSchema);
const sessionFields = fieldsOf(newSessionSchema);
const cohortFields = fieldsOf(newCohortSchema);
const batchFields = fieldsOf(batchSchema);
const itemFields = fieldsOf(batchSchema.shape.items.element);

export const checkCohortShape = checkShape((value) => [
  { at: "", value, fields: cohortFields },
  { at: "session.", value: value["session"], fields: sessionFields },
]);

/** Too many items are the schema's to refuse: it counts them first. */
export const checkBatchShape = checkShape((value) => [
  { at: "", value, fields: batchFields },
  ...(Array.isArray(value["items"]) ? value["items"].slice(0, 1000) : []).flatMap((item: unknown, index) => [
    { at: `items[${index}].`, value: item, fields: itemFields },
    { at: `items[${index}].action.`, value: isRecord(item) && item["action"], fields: actionFields },
  ]),
]);

const checkOutline = ({ at, value, fields }: Part): void => {
  if (!isRecord(value)) return;
  const unknown = Object.keys(value).filter((key) => !fields.has(key));
  if (unknown.length > 0)
    refuse(
      unknown.slice(0, MAX_ISSUES).map((key) => at + short(key)),
      "There is no such field",
    );
  for (const name of ["files", "env", "metadata"] as const) {
    const record = value[name];
    if (!isRecord(record)) continue;
    const count = Object.keys(record).length;
    if (count > maxOf[name]) refuse([at + name], `must have at most ${maxOf[name]} names, not ${count}`);
    // The schema would leave it out without a word.
    if (Object.hasOwn(record, "__proto__")) refuse([`${at}${name}.__proto__`], "The name is not possible");
  }
};

const refuse = (fields: string[], message: string): never => {
  const issues = fields.map((field) => ({ field, message }));
  throw new ServiceError("invalid_request", `The request is wrong in: ${fields.join(", ")}`, { issues });
};

const short = (name: string) => (name.length > 100 ? `${name.slice(0, 100)}...` : name);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
