import { z } from "@hono/zod-openapi";

/** Headers of a POST, for its description; once.ts and submit.ts read them. */
export const postHeaders = z.object({
  "idempotency-key": z.string().optional().meta({
    description: "The same key and body lead to the same thing, once; another body is a conflict",
  }),
});
