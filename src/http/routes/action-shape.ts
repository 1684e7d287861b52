/**
 * A look at an action's outline before its schema walks it: a body of millions of names would
 * keep the schema, and with it everybody else, busy for seconds.
 */
import { createMiddleware } from "hono/factory";
import { actionSchema, maxNames } from "../../domain/action.ts";
import { ServiceError } from "../../domain/errors.ts";
import type { AppEnv } from "../app-env.ts";

const fields = new Set(Object.keys(actionSchema.shape));

export const checkActionShape = createMiddleware<AppEnv>(async (context, next) => {
  if (context.req.header("content-type")?.includes("json")) {
    const body: unknown = await context.req.json().catch(() => undefined);
    if (isRecord(body)) checkOutline(body);
  }
  await next();
});

const checkOutline = (body: Record<string, unknown>): void => {
  const unknown = Object.keys(body).find((key) => !fields.has(key));
  if (unknown !== undefined) refuse(short(unknown), "There is no such field");
  for (const name of ["files", "env"] as const) {
    const record = body[name];
    if (!isRecord(record)) continue;
    const count = Object.keys(record).length;
    if (count > maxNames[name]) refuse(name, `must have at most ${maxNames[name]} names, not ${count}`);
    // The schema would leave it out without a word.
    if (Object.hasOwn(record, "__proto__")) refuse(`${name}.__proto__`, "The name is not possible");
  }
};

const refuse = (field: string, message: string): never => {
  const issues = [{ field, message }];
  throw new ServiceError("invalid_request", `The request is wrong in: ${field}`, { issues });
};

const short = (name: string) => (name.length > 100 ? `${name.slice(0, 100)}...` : name);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
