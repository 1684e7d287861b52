/** A POST with an Idempotency-Key happens once. */
import type { Context } from "hono";
import { ServiceError } from "../domain/errors.ts";
import type { Idempotency, Ways } from "../engine/idempotency.ts";
import type { AppEnv } from "./app-env.ts";

export const keyOf = (context: Context<AppEnv>): string | undefined => {
  const key = context.req.header("idempotency-key");
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  const issues = [{ field: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" }];
  throw new ServiceError("invalid_request", "The request is wrong in: Idempotency-Key", { issues });
};

/** For POSTs that make something: `again` gives what was made, or undefined when it is to be made anew. */
export const makeOnce = async <Made>(
  context: Context<AppEnv>,
  idempotency: Idempotency,
  ways: Ways<Made>,
): Promise<Made> => {
  const key = keyOf(context);
  const request = {
    tenant: context.get("caller").tenant,
    scope: `${context.req.method} ${context.req.path}`,
    key,
    body: key === undefined ? "" : await bodyOf(context),
  };
  return await idempotency.once(request, ways);
};

/** With the query: it says as much as the body what is asked for. */
const bodyOf = async (context: Context<AppEnv>): Promise<Buffer> => {
  const { search } = new URL(context.req.url);
  return Buffer.concat([Buffer.from(`${search}\n`), Buffer.from(await context.req.arrayBuffer())]);
};

/**
 * For POSTs that do something to what is there: done once, answered with how it is now. Where the service went
 * down in between, nobody knows whether it was done: what may be done twice is done again, the other is a conflict.
 */
export const doOnce = async <Answer>(
  context: Context<AppEnv>,
  idempotency: Idempotency,
  { act, answer, repeatable }: { act(): void | Promise<void>; answer(): Answer; repeatable: boolean },
): Promise<Answer> => {
  // Wrapped, because nothing is an answer too.
  const { said } = await makeOnce<{ said: Answer }>(context, idempotency, {
    createRef: () => BEGUN,
    settledRef: DONE,
    first: async () => {
      await act();
      return { said: answer() };
    },
    again: async (ref) => {
      if (ref === DONE) return { said: answer() };
      if (repeatable) return undefined;
      throw new ServiceError("conflict", "The service went down meanwhile: whether it was done is not known");
    },
  });
  return said;
};

const BEGUN = "begun";
const DONE = "done";
