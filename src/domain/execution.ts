/** One run of one action, as it is stored and answered. */
import { z } from "zod";
import { faultSchema } from "./errors.ts";
import { observationSchema } from "./observation.ts";
import { redactableParts } from "./policy.ts";

const timingsSchema = z.object({
  queuedMs: z.number().min(0).meta({ description: "Waiting for admission, and in a session for its turn" }),
  acquireMs: z.number().min(0).meta({ description: "Getting a sandbox from the pool; 0 in a session" }),
  runMs: z.number().min(0).meta({ description: "From handing the action over to its end" }),
  totalMs: z.number().min(0),
});
export type Timings = z.infer<typeof timingsSchema>;

const executionKinds = ["script", "cell", "command"] as const;

const head = {
  id: z.string().meta({ example: "exe_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
  createdAt: z.iso.datetime(),
  action: z.object({
    kind: z.enum(executionKinds).meta({
      description: "script: a process of its own; cell: in the session's interpreter; command: argv or shell",
    }),
    sha256: z.string().meta({ description: "Of the source, or of argv as JSON" }),
    image: z.object({ name: z.string(), digest: z.string() }),
    policy: z.object({ name: z.string(), digest: z.string() }),
  }),
  tier: z.enum(["container", "cell"]),
  session: z
    .object({
      id: z.string(),
      sequence: z.int().meta({ description: "Which execution of the session, from 1" }),
      interpreter: z
        .int()
        .meta({ description: "In which of the session's interpreters, from 1; 0: in none" }),
      stateLost: z.boolean().meta({ description: "The interpreter's state is gone with this execution" }),
    })
    .optional(),
};

/** Everything of an execution but what came of it. */
export const executionHeadSchema = z.object(head);
export type ExecutionHead = z.infer<typeof executionHeadSchema>;

export const executionSchema = z
  .object({
    ...head,
    status: z.literal("finished"),
    observation: observationSchema,
    timings: timingsSchema,
    redacted: z.array(z.enum(redactableParts)).optional().meta({
      description: "Parts that its policy keeps out of the store: they are empty here",
    }),
  })
  .meta({ id: "Execution" });
export type Execution = z.infer<typeof executionSchema>;

export const pendingExecutionSchema = z
  .object({ ...head, status: z.enum(["queued", "running"]) })
  .meta({ id: "PendingExecution" });
export type PendingExecution = z.infer<typeof pendingExecutionSchema>;

/** The service could not carry it through: nobody's score. */
const failedExecutionSchema = z
  .object({
    ...head,
    status: z.literal("failed"),
    error: faultSchema,
  })
  .meta({ id: "FailedExecution" });
export type FailedExecution = z.infer<typeof failedExecutionSchema>;

export const executionRecordSchema = z
  .union([executionSchema, pendingExecutionSchema, failedExecutionSchema])
  .meta({ id: "ExecutionRecord" });
export type ExecutionRecord = z.infer<typeof executionRecordSchema>;

export const executionStatuses = ["queued", "running", "finished", "failed"] as const;

/** A line of a list: everything but the output. */
export const executionSummarySchema = z
  .object({
    ...head,
    tenant: z.string(),
    status: z.enum(executionStatuses),
    outcome: z.string().nullable(),
    exitCode: z.int().nullable(),
    wallMs: z.number().nullable(),
  })
  .meta({ id: "ExecutionSummary" });
export type ExecutionSummary = z.infer<typeof executionSummarySchema>;
