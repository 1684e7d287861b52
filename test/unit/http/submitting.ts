/** One-shot executions over HTTP, as the tests of their routes begin them. */
import { type Ask, httpApp } from "../../support/http-app.ts";
import { settled } from "../../support/manual-clock.ts";

export const body = { code: "print(1)" };
export const later = { prefer: "respond-async" };

/** `submit` waits for the answer, `begin` for the acceptance only, and gives the execution's path. */
export const submitting = (settings: Parameters<typeof httpApp>[0] = {}) => {
  const parts = httpApp(settings);
  const submit = (rest: Ask = {}) => parts.json("POST", "/v1/executions", { body, ...rest });
  const begin = async (rest: Ask = {}) => {
    const { body: pending } = await submit({ ...rest, headers: { ...later, ...rest.headers } });
    await settled();
    return `/v1/executions/${pending.id}`;
  };
  return { ...parts, submit, begin };
};
