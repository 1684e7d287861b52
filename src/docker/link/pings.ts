import type { Clock } from "../../engine/ports/clock.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { LinkBroken } from "./calls.ts";
import { readU64, toU64 } from "./event-number.ts";
import { FrameError, toLauncher } from "./frames.ts";
import type { Outbox, Ticket } from "./outbox.ts";

interface Ping extends PromiseWithResolvers<{ cpuMs: number }> {
  ticket: Ticket;
  stop(): void;
}

const MAX_PINGS = 64;
const NUMBER_BYTES = 8;
const NS_PER_MS = 1e6;

/** Pings, each with a number as its payload, and signs of life, which have none. */
export class Pings {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #pings = new Map<number, Ping>();
  #next = 1;

  constructor(clock: Clock, outbox: Outbox) {
    this.#clock = clock;
    this.#outbox = outbox;
  }

  async ping(timeoutMs: number): Promise<{ cpuMs: number }> {
    if (this.#pings.size >= MAX_PINGS) throw new SandboxFault("too many pings at the same time", false);
    const number = this.#next++;
    const ping: Ping = {
      ...Promise.withResolvers<{ cpuMs: number }>(),
      ticket: this.#outbox.put(toLauncher.ping, toU64(number)),
      stop: this.#clock.after(timeoutMs, () => {
        this.#outbox.withdraw(ping.ticket);
        this.#reject(number, ping, new SandboxFault(`no answer to a ping within ${timeoutMs} ms`, false));
      }),
    };
    this.#pings.set(number, ping);
    return await ping.promise;
  }

  /** Tells the launcher that its service is there. */
  sign(): void {
    this.#outbox.put(toLauncher.ping, Buffer.alloc(0));
  }

  /** Throws a FrameError where nobody can have asked for this. */
  answer(payload: Buffer): void {
    if (payload.length === NUMBER_BYTES) return;
    const number = readU64(payload);
    if (payload.length !== 2 * NUMBER_BYTES || number >= this.#next)
      throw new FrameError("an answer to no ping");
    const ping = this.#pings.get(number);
    // Too late, or to an older link's.
    if (!ping) return;
    this.#pings.delete(number);
    ping.stop();
    ping.resolve({ cpuMs: readU64(payload, NUMBER_BYTES) / NS_PER_MS });
  }

  linkBroke(): void {
    for (const [number, ping] of this.#pings) {
      if (ping.ticket.sent) this.#reject(number, ping, new LinkBroken());
    }
  }

  end(): void {
    for (const [number, ping] of this.#pings) {
      this.#reject(number, ping, new SandboxFault("the sandbox is over", false));
    }
  }

  #reject(number: number, ping: Ping, error: Error): void {
    this.#pings.delete(number);
    ping.stop();
    ping.reject(error);
  }
}
