/** What a caller gets back of one execution. */
import { isUtf8 } from "node:buffer";
import { z } from "zod";
import { killers, outcomeSchema } from "./outcome.ts";
import { deniedCallsSchema } from "./syscalls.ts";

const base64 = z.string().meta({
  description: "The exact bytes, only there where text can't carry them, or only many times as large",
});

const milliseconds = z.number().min(0);
const bytes = z.int().min(0);

const outputFileSchema = z.object({
  path: z.string(),
  bytes,
  text: z.string().optional().meta({ description: "The content where it is valid UTF-8" }),
  base64: z.string().optional().meta({ description: "The content where it is not" }),
});

export const skipReasonSchema = z.enum([
  "not_a_regular_file",
  "name_is_not_utf8",
  "too_many_files",
  "too_large",
  "unreadable",
  "out_of_time",
  "too_deep",
]);

export const resultSchema = z
  .object({
    forms: z.record(z.string(), z.string()).meta({
      description: "By media type: text, or base64 for images; text/plain is the value's repr",
    }),
    truncated: z.boolean().meta({ description: "A form was cut or left out for its size" }),
  })
  .meta({ id: "Result" });
export type ResultForms = z.infer<typeof resultSchema>;

export const observationSchema = z
  .object({
    outcome: outcomeSchema,
    stdout: z.string().meta({
      description:
        "UTF-8 text. Where stdoutBase64 is there too, a preview: its beginning, with U+FFFD for what is no text",
    }),
    stdoutBase64: base64.optional(),
    stderr: z.string(),
    stderrBase64: base64.optional(),
    exitCode: z.int().nullable().meta({ description: "null when a signal ended the program" }),
    evidence: z.object({
      signal: z.string().nullable().meta({ description: "Name of the signal, for example SIGSEGV" }),
      killedBy: z
        .enum([...killers, "service", "kernel_memory"])
        .nullable()
        .meta({
          description: "Which limit's enforcement ended the run; service: from outside of the sandbox",
        }),
      oomKills: z.int().nullable().meta({ description: "Processes the kernel killed for memory" }),
      refusedForks: z.int().nullable().meta({ description: "Forks and threads the process limit refused" }),
      reported: z
        .object({ exception: z.string(), errno: z.int().nullable() })
        .nullable()
        .meta({ description: "What the interpreter said of its own end; not the kernel's word" }),
      disk: z.object({ freeBytes: bytes, freeInodes: z.int() }).nullable(),
      interrupted: z.boolean().meta({ description: "An interrupt was sent to the run" }),
      endedBy: z.enum(["process", "interpreter", "service"]).meta({
        description:
          "Who said how it ended: the kernel, of the process; a session's interpreter, of the code that it ran; the service",
      }),
      stragglers: z.int().meta({ description: "Processes that outlived the program and were killed" }),
    }),
    usage: z.object({
      wallMs: milliseconds,
      cpuMs: milliseconds.nullable().meta({ description: "All processes, from the cgroup" }),
      userMs: milliseconds
        .nullable()
        .meta({ description: "The program's process and children it waited for, as the kernel samples it" }),
      systemMs: milliseconds.nullable().meta({ description: "As userMs, inside the kernel" }),
      memoryPeakBytes: bytes.nullable().meta({
        description:
          "With tmpfs and launcher; null where an earlier run of the same sandbox had a higher one",
      }),
      stdoutBytes: bytes.meta({ description: "Seen, also past the bound" }),
      stderrBytes: bytes,
    }),
    denied: deniedCallsSchema.meta({ description: "System calls that the policy denied to the run" }),
    results: z.array(resultSchema).meta({ description: "Values that a cell showed, in order" }),
    outputs: z.object({
      files: z.array(outputFileSchema),
      skipped: z.array(z.object({ path: z.string(), reason: skipReasonSchema })),
    }),
    truncated: z.object({ stdout: z.boolean(), stderr: z.boolean() }),
  })
  .meta({ id: "Observation" });
export type Observation = z.infer<typeof observationSchema>;
export type OutputFile = z.infer<typeof outputFileSchema>;
export type SkipReason = z.infer<typeof skipReasonSchema>;

/** Where the text can't carry the bytes it is for people to look at, and this much of it will do. */
const PREVIEW_BYTES = 64 * 1024;

/** Text, and the exact bytes beside it where the text can't carry them. */
export const toText = (data: Buffer): { text: string; base64?: string } =>
  isPlainText(data)
    ? { text: data.toString() }
    : { text: data.subarray(0, PREVIEW_BYTES).toString(), base64: data.toString("base64") };

export const toOutputFile = (path: string, data: Buffer): OutputFile => ({
  path,
  bytes: data.length,
  ...(isPlainText(data) ? { text: data.toString() } : { base64: data.toString("base64") }),
});

/** UTF-8, and not so full of control characters that JSON, with six bytes for each, would blow it up. */
const isPlainText = (data: Buffer): boolean => {
  if (!isUtf8(data)) return false;
  if (data.length <= PREVIEW_BYTES) return true;
  let controls = 0;
  for (const byte of data) if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) controls += 1;
  return controls * 8 < data.length;
};
