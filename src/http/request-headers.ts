import { z } from "@hono/zod-openapi";

/** Headers of a POST, for its description; once.ts and submit.ts check and read them. */
export const postHeaders = z.object({
  "idempotency-key": z.string().optional().meta({
    pattern: "^[\\x21-\\x7e]{1,255}$",
    description: "The same key and body lead to the same thing, once; another body is a conflict",
  }),
});

/** After which event to go on, for its description; execution-events.ts checks and reads it. */
export const eventId = z.string().optional().meta({ pattern: "^[0-9]{1,15}$" });
