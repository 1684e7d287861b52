/** A POST with an Idempotency-Key happens once. */
import type { Context } from "hono";
import { ServiceError } from "../domain/errors.ts";
import type { Idempotency } from "../engine/idempotency.ts";
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
  ways: {
    createRef(): string;
    first(ref: string): Promise<Made>;
    again(ref: string): Promise<Made | undefined>;
  },
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

/** For POSTs that do something to what is there: done once, answered with how it is now. */
export const doOnce = async <Answer>(
  context: Context<AppEnv>,
  idempotency: Idempotency,
  { act, answer }: { act(): void | Promise<void>; answer(): Answer },
): Promise<Answer> =>
  await makeOnce(context, idempotency, {
    createRef: () => "done",
    first: async () => {
      await act();
      return answer();
    },
    again: async () => answer(),
  });
