/** One event of a stream as the OpenAPI document has it; `data` is JSON, whatever its type says. */
import { z } from "@hono/zod-openapi";

export const eventSchema = z
  .object({
    id: z.string().optional().meta({ description: "Its number, where events can be asked for again" }),
    event: z.string().meta({ description: "Its type" }),
    data: z.string().meta({ description: "JSON" }),
  })
  .meta({ id: "Event" });
