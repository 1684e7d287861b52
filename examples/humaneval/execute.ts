/** The whole of a client: one POST, and patience where the service asks for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ActionInput } from "../../src/domain/action.ts";
import { type Execution, executionSchema } from "../../src/domain/execution.ts";

export interface Service {
  url: string;
  key: string;
}

const problemSchema = z.object({ code: z.string(), detail: z.string() });
const full = 503;
const attempts = 5;

/** Throws an Error with the service's own words when it answers with a problem. */
export async function execute(
  { url, key }: Service,
  action: ActionInput,
  signal: AbortSignal,
): Promise<Execution> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(new URL("/v1/executions", url), {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(action),
      signal,
    });
    const body: unknown = await answer.json();
    if (answer.ok) return executionSchema.parse(body);
    const retryAfter = answer.headers.get("retry-after");
    if (answer.status !== full || retryAfter === null || attempt === attempts) {
      const { code, detail } = problemSchema.parse(body);
      throw new Error(`${code}: ${detail}`);
    }
    await sleep(Number(retryAfter) * 1000, undefined, { signal });
  }
}
