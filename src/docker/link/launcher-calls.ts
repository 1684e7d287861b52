/** The calls that a launcher answers, typed. What it answers is validated: one that is not sound breaks the channel off. */
import { z } from "zod";
import { skipReasonSchema } from "../../domain/observation.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { entryTypes } from "../../engine/ports/sandbox-files.ts";
import type { Answer } from "./calls.ts";

// As long as it may be: code can nest folders deep, and a frame is bounded.
const path = z.string();
const bytes = z.int().min(0);
const handle = z.int().min(0);
const modifiedMs = z.number();
const mode = z.int().min(0).max(0o7777);

const entrySchema = z.strictObject({
  path,
  pathBase64: z.base64().optional(),
  type: z.enum(entryTypes),
  bytes,
  modifiedMs,
  mode,
});

const answers = {
  open: z.strictObject({ interpreter: z.int().min(1) }),
  stdin: z.strictObject({ waiting: bytes }),
  wipe: z.strictObject({ residue: z.array(z.string().max(8192)).max(32) }),
  list: z.strictObject({ entries: z.array(entrySchema), more: z.boolean() }),
  stat: entrySchema,
  read: z.strictObject({ handle, bytes, modifiedMs, mode }),
  chunk: z.strictObject({ end: z.boolean().default(false) }),
  write: z.strictObject({ handle }),
  append: z.strictObject({}),
  commit: z.strictObject({ created: z.boolean() }),
  drop: z.strictObject({}),
  put: z.strictObject({ created: z.boolean() }),
  folder: z.strictObject({}),
  remove: z.strictObject({ removed: z.int().min(0) }),
  collect: z.strictObject({
    files: z.array(z.strictObject({ path, bytes, handle })),
    skipped: z.array(z.strictObject({ path, reason: skipReasonSchema })),
  }),
};
type Operation = keyof typeof answers;
type Heads = { [Name in Operation]: z.infer<(typeof answers)[Name]> };

interface Channel {
  ask(head: object, data?: Buffer): Promise<Answer>;
  readonly links: { breakOff(fault: unknown): void };
}

export class LauncherCalls {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Rejects with a `FileRefused` where the launcher says no, and with a `SandboxFault` where it doesn't answer or isn't sound. */
  async ask<Name extends Operation>(
    op: Name,
    options: object = {},
    content?: Buffer,
  ): Promise<{ head: Heads[Name]; data: Buffer }> {
    const { head, data } = await this.#channel.ask({ op, ...options }, content);
    const answer = answers[op].safeParse(head);
    if (!answer.success) throw this.breach(`it answered ${op} with something else`, answer.error);
    return { head: answer.data as Heads[Name], data };
  }

  /** Ends the sandbox's channel, for a reason; returns what to throw. */
  breach(reason: string, cause?: unknown): SandboxFault {
    const fault = new SandboxFault(`the sandbox broke the protocol: ${reason}`, false, cause);
    this.#channel.links.breakOff(fault);
    return fault;
  }

  /** Closes a handle that nobody needs any more, without waiting. Where that fails the handle is closed already. */
  drop(handle: number): void {
    this.ask("drop", { handle }).catch(() => {});
  }
}
