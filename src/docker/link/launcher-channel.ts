import type { Clock } from "../../engine/ports/clock.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { type Resumed, RunEvents } from "../run/run-events.ts";
import { type Answer, Calls } from "./calls.ts";
import { isEvent, isLast, type RunFrame, toRunFrame, toU64 } from "./event-number.ts";
import { type Frame, FrameError, fromLauncher, toLauncher } from "./frames.ts";
import type { LauncherLink } from "./launcher-link.ts";
import { LinkKeeper } from "./link-keeper.ts";
import { Outbox } from "./outbox.ts";
import { Pings } from "./pings.ts";

/** Interrupts and the like beyond this are not worth waiting for a link. */
const MAX_WAITING = 1_000;
/** A sign of life at least this often: an adopted launcher may have been told of a shorter time than ours is. */
const SIGN_MS = 10_000;

/** A run as its channel knows it. */
export interface RunHandler {
  /** Takes an event; what it throws is a breach of the protocol. */
  take(frame: RunFrame): void;
  /** The link is another one: what was sent on the last one may not have arrived. */
  relinked(): void;
}

type Send = (link: LauncherLink) => Promise<void>;

interface ChannelOptions {
  clock: Clock;
  /** The launcher ends when it hears nothing for this long. */
  orphanMs: number;
  /** Of an adopted launcher: bound of the events that wait for their run to be claimed. */
  adopted?: { maxHeldBytes: number };
}

/** What goes between the service and one launcher: runs, their events, calls and pings, over one link after the other. */
export class LauncherChannel {
  readonly links: LinkKeeper;
  readonly #clock: Clock;
  readonly #outbox = new Outbox();
  readonly #calls: Calls;
  readonly #pings: Pings;
  readonly #events: RunEvents;
  readonly #hello = Promise.withResolvers<Buffer | undefined>();
  #awaitsHello: boolean;
  /** Of runs that are not over. */
  readonly #runs = new Map<string, { handler: RunHandler; send?: Send }>();
  #acknowledged = 0;
  #stopSigns = () => {};

  constructor({ clock, orphanMs, adopted }: ChannelOptions) {
    this.#clock = clock;
    this.#calls = new Calls(clock, this.#outbox);
    this.#pings = new Pings(clock, this.#outbox);
    this.#events = new RunEvents({
      adopted: adopted !== undefined,
      maxHeldBytes: adopted?.maxHeldBytes ?? 0,
    });
    this.#awaitsHello = adopted === undefined;
    this.links = new LinkKeeper(clock, {
      frame: (frame) => this.#route(frame),
      resumed: (link, resumed) => this.#resumed(link, resumed),
      linked: (link) => this.#linked(link),
      lost: () => this.#lost(),
      over: () => this.#over(),
    });
    this.#giveSigns(Math.min(orphanMs / 4, SIGN_MS));
  }

  /** The first thing that a launcher says; undefined when it is over before. */
  get hello(): Promise<Buffer | undefined> {
    return this.#hello.promise;
  }

  async ping(timeoutMs: number): Promise<{ cpuMs: number }> {
    this.#assertNotOver();
    return await this.#pings.ping(timeoutMs);
  }

  async ask(head: object, data?: Buffer): Promise<Answer> {
    this.#assertNotOver();
    return await this.#calls.ask(head, data);
  }

  /** Sends a run as soon as there is a link, and again where the launcher never got it. */
  begin(id: string, send: Send, handler: RunHandler): void {
    this.#events.begin(id, (frame) => handler.take(frame));
    this.#runs.set(id, { handler, send });
    if (this.links.current) this.#outbox.sendRun(this.links.current, send);
  }

  /** Goes on with a run that the launcher told of. Returns false where it did not. */
  claim(id: string, handler: RunHandler): boolean {
    if (!this.#events.knows(id)) return false;
    try {
      const isOver = this.#events.claim(id, (frame) => handler.take(frame));
      if (!isOver) this.#runs.set(id, { handler });
    } catch (error) {
      this.links.breakOff(error);
    }
    return true;
  }

  cancel(runId: string): void {
    this.#tell(toLauncher.cancel, Buffer.from(runId));
  }

  interrupt(runId: string): void {
    this.#tell(toLauncher.interrupt, Buffer.from(runId));
  }

  forget(runId: string): void {
    this.#acknowledge(this.#events.forget(runId));
  }

  #route(frame: Frame): void {
    const { type, payload } = frame;
    if (isEvent(frame)) this.#event(toRunFrame(frame));
    else if (type === fromLauncher.result) this.#calls.answer(payload);
    else if (type === fromLauncher.pong) this.#pings.answer(payload);
    else if (type === fromLauncher.hello && this.#awaitsHello) {
      this.#awaitsHello = false;
      this.#hello.resolve(payload);
    } else throw new FrameError(`a frame of type ${type}`);
  }

  #event(frame: RunFrame): void {
    const run = this.#events.take(frame);
    if (run === undefined || !isLast(frame)) return;
    this.#runs.delete(run);
    this.#acknowledge(this.#events.acknowledged());
  }

  /** The run that the launcher should have and does not goes out before whatever waits for a link. */
  #resumed(link: LauncherLink, resumed: Resumed): void {
    if (resumed.interpreter === 0) throw new FrameError("the launcher has no session");
    const unknown = this.#events.resumed(resumed);
    if (unknown === undefined) return;
    const send = this.#runs.get(unknown)?.send;
    if (!send) throw new FrameError("the launcher lost a run");
    this.#outbox.sendRun(link, send);
  }

  #linked(link: LauncherLink): void {
    this.#outbox.connect(link);
    if (this.#acknowledged > 0) this.#acknowledge(this.#acknowledged);
    for (const { handler } of this.#runs.values()) handler.relinked();
  }

  #lost(): void {
    this.#outbox.connect(undefined);
    this.#calls.linkBroke();
    this.#pings.linkBroke();
  }

  #over(): void {
    this.#stopSigns();
    this.#runs.clear();
    this.#outbox.connect(undefined);
    this.#calls.end();
    this.#pings.end();
    this.#hello.resolve(undefined);
  }

  #acknowledge(number: number | undefined): void {
    if (number === undefined) return;
    this.#acknowledged = number;
    this.#tell(toLauncher.ack, toU64(number));
  }

  #tell(type: number, payload: Buffer): void {
    if (!this.links.isOver && this.#outbox.size < MAX_WAITING) this.#outbox.put(type, payload);
  }

  #giveSigns(everyMs: number): void {
    this.#stopSigns = this.#clock.after(everyMs, () => {
      if (this.links.current) this.#pings.sign();
      this.#giveSigns(everyMs);
    });
  }

  #assertNotOver(): void {
    if (this.links.isOver) throw new SandboxFault(`the sandbox is over: ${this.links.complaint}`, false);
  }
}
