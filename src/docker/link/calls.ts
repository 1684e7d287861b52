/** Questions to a launcher: `u32 call | u32 headBytes | head (JSON) | data`, each answered once, with the same number. */
import { z } from "zod";
import type { Clock } from "../../engine/ports/clock.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { FileRefused } from "../../engine/ports/sandbox-files.ts";
import { FrameError, MAX_TO_LAUNCHER_BYTES, toLauncher } from "./frames.ts";
import type { Outbox, Ticket } from "./outbox.ts";

/** A launcher that didn't answer by then is not going to. */
const ANSWER_MS = 30_000;
/** Calls of one sandbox at a time; one that is late counts until its answer comes. */
const MAX_CALLS = 256;
const MAX_MESSAGE = 500;
const PREFIX_BYTES = 8;
const EAGAIN = 11;
const EMSGSIZE = 90;

export interface Answer {
  head: unknown;
  data: Buffer;
}

interface Call extends PromiseWithResolvers<Answer> {
  ticket: Ticket;
  stop(): void;
}

const refusal = z.strictObject({
  error: z.strictObject({ errno: z.int().min(1).max(4095), message: z.string() }),
});

/** The link was lost while the launcher had the question, and nobody knows how far it came. */
export class LinkBroken extends SandboxFault {
  constructor() {
    super("the link to the sandbox broke", false);
  }
}

/** Whether a question fits into its frame. */
export const fitsCall = (head: object, dataBytes = 0): boolean =>
  PREFIX_BYTES + Buffer.byteLength(JSON.stringify(head)) + dataBytes <= MAX_TO_LAUNCHER_BYTES;

export class Calls {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #calls = new Map<number, Call>();
  #next = 1;
  /** What was asked on older links may still be answered, to nobody. */
  #firstOfLink = 1;

  constructor(clock: Clock, outbox: Outbox) {
    this.#clock = clock;
    this.#outbox = outbox;
  }

  /** Rejects with a `FileRefused` where the launcher says no, and with a `SandboxFault` where it doesn't answer. */
  ask(head: object, data: Buffer = Buffer.alloc(0)): Promise<Answer> {
    if (this.#calls.size >= MAX_CALLS) {
      return Promise.reject(new FileRefused(EAGAIN, "too much is asked of this sandbox at the same time"));
    }
    if (!fitsCall(head, data.length))
      return Promise.reject(new FileRefused(EMSGSIZE, "the call is too large"));
    const number = this.#next;
    this.#next = (this.#next % 0xffff_ffff) + 1;
    const call: Call = {
      ...Promise.withResolvers<Answer>(),
      ticket: this.#outbox.put(toLauncher.call, encode(number, head, data)),
      stop: this.#clock.after(ANSWER_MS, () => {
        call.reject(new SandboxFault("the sandbox's launcher did not answer in time", false));
        if (call.ticket.sent) return;
        this.#outbox.withdraw(call.ticket);
        this.#calls.delete(number);
      }),
    };
    this.#calls.set(number, call);
    return call.promise;
  }

  /** Throws a FrameError where the answer is none, or to nothing that was asked. */
  answer(payload: Buffer): void {
    const { number, answer } = decode(payload);
    const call = this.#calls.get(number);
    if (!call?.ticket.sent) {
      if (number < this.#firstOfLink) return;
      throw new FrameError(`an answer to call ${number}, which nobody asked`);
    }
    this.#calls.delete(number);
    call.stop();
    const refused = refusal.safeParse(answer.head);
    if (refused.success) {
      const { errno, message } = refused.data.error;
      call.reject(new FileRefused(errno, message.slice(0, MAX_MESSAGE)));
    } else {
      call.resolve(answer);
    }
  }

  /** The link is lost: what was sent is not answered any more, what waits goes to the next. */
  linkBroke(): void {
    this.#firstOfLink = this.#next;
    for (const [number, call] of this.#calls) {
      if (call.ticket.sent) this.#reject(number, call, new LinkBroken());
    }
  }

  end(): void {
    for (const [number, call] of this.#calls) {
      this.#reject(number, call, new SandboxFault("the sandbox is over", false));
    }
  }

  #reject(number: number, call: Call, error: Error): void {
    this.#calls.delete(number);
    call.stop();
    call.reject(error);
  }
}

const encode = (number: number, head: object, data: Buffer): Buffer => {
  const headBytes = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(number, 0);
  prefix.writeUInt32BE(headBytes.length, 4);
  return Buffer.concat([prefix, headBytes, data]);
};

const decode = (payload: Buffer): { number: number; answer: Answer } => {
  if (payload.length < PREFIX_BYTES) throw new FrameError("an answer without its number");
  const end = PREFIX_BYTES + payload.readUInt32BE(4);
  if (end > payload.length) throw new FrameError("an answer that is cut off");
  const head: unknown = JSON.parse(payload.subarray(PREFIX_BYTES, end).toString());
  return { number: payload.readUInt32BE(0), answer: { head, data: payload.subarray(end) } };
};
