/** What a stream of an execution tells, in order. */
import { z } from "zod";
import { faultSchema } from "./errors.ts";
import { executionSchema, pendingExecutionSchema } from "./execution.ts";
import { resultSchema } from "./observation.ts";

const outputSchema = z.union([
  z.object({ text: z.string() }),
  z.object({ base64: z.string().meta({ description: "Where the bytes are not UTF-8" }) }),
]);

/** The data of each type of event. `finished` or `error` is the last one, and nothing else ever is. */
export const executionEventSchemas = {
  started: z.object({ execution: pendingExecutionSchema }),
  stdout: outputSchema,
  stderr: outputSchema,
  result: resultSchema,
  file: z.object({ path: z.string(), bytes: z.int() }),
  finished: z.object({ execution: executionSchema }),
  error: faultSchema,
} as const;

export type ExecutionEventType = keyof typeof executionEventSchemas;

export interface ExecutionEvent {
  /** From 1 within its execution. */
  id: number;
  type: ExecutionEventType;
  /** JSON, as the schema of its type; as bytes where it may be large and is the same memory for every reader. */
  data: string | Buffer;
}
