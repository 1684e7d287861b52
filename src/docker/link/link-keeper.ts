import type { Duplex } from "node:stream";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Resumed } from "../run/run-events.ts";
import { type Frame, FrameError } from "./frames.ts";
import { LauncherLink } from "./launcher-link.ts";
import { type Line, reattach } from "./reattach.ts";
import { resumeLink } from "./resume-link.ts";

/** Who uses the links. What `resumed` and `frame` throw is a breach of the protocol by the launcher. */
interface User {
  frame(frame: Frame): void;
  /** Before `linked`, on a link to a launcher that is up. */
  resumed(link: LauncherLink, resumed: Resumed): void;
  linked(link: LauncherLink): void;
  /** There will be another one. */
  lost(): void;
  over(): void;
}

/**
 * The link to one launcher, and, where it is kept, one after the other.
 *
 * States: `linked` -> `linking` when a link that is kept (`keep` was called) is lost, and back when the
 * launcher answered on a new one -> `over`, for good: the link was lost and not kept, could not be made
 * anew, was closed, or the launcher broke the protocol.
 */
export class LinkKeeper {
  readonly #clock: Clock;
  readonly #user: User;
  readonly #closed = Promise.withResolvers<void>();
  #linked = Promise.withResolvers<void>();
  #link: LauncherLink | undefined;
  #line: Line | undefined;
  #isOver = false;
  #fault: Error | undefined;
  #complaint = "there was no link";
  #engineWasAway = false;

  constructor(clock: Clock, user: User) {
    this.#clock = clock;
    this.#user = user;
  }

  /** Resolves when it is over, for whatever reason. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resolves when there is a link; never, when it is over before. */
  get linked(): Promise<void> {
    return this.#linked.promise;
  }

  get current(): LauncherLink | undefined {
    return this.#link;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How the launcher broke the protocol, if it did. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Why the last link was lost, for the log. */
  get complaint(): string {
    return this.#link?.complaint ?? this.#complaint;
  }

  /** The engine was seen not to answer. */
  get engineWasAway(): boolean {
    return this.#engineWasAway;
  }

  /** Takes the first stream to a launcher that is about to start. */
  connect(stream: Duplex): void {
    this.#use(new LauncherLink(stream, (frame) => this.#user.frame(frame)));
  }

  /** From here on a link that is lost is made anew, and one that isn't there is made. */
  keep(line: Line): void {
    this.#line = line;
    if (!this.#link && !this.#isOver) void this.#relink(line);
  }

  /** Ends it because the launcher did what no sound launcher does. */
  breakOff(fault: unknown): void {
    if (this.#isOver) return;
    this.#fault = fault instanceof Error ? fault : new Error(String(fault));
    this.close();
  }

  close(): void {
    if (this.#isOver) return;
    this.#complaint = this.complaint;
    this.#isOver = true;
    this.#link?.close();
    this.#link = undefined;
    this.#user.over();
    this.#closed.resolve();
  }

  #use(link: LauncherLink): void {
    this.#link = link;
    this.#user.linked(link);
    this.#linked.resolve();
    void link.closed.then(() => this.#end(link));
  }

  #end(link: LauncherLink): void {
    if (this.#link !== link) return;
    if (link.fault || !this.#line) {
      this.#fault = link.fault;
      this.close();
      return;
    }
    this.#complaint = link.complaint;
    this.#link = undefined;
    this.#linked = Promise.withResolvers();
    this.#user.lost();
    void this.#relink(this.#line);
  }

  async #relink(line: Line): Promise<void> {
    const isFound = await reattach({
      line,
      clock: this.#clock,
      greet: (stream) => this.#greet(stream),
      isOver: () => this.#isOver,
      onEngineAway: () => {
        this.#engineWasAway = true;
      },
    });
    if (!isFound) this.close();
  }

  async #greet(stream: Duplex): Promise<boolean> {
    const { link, answered } = await resumeLink(stream, {
      clock: this.#clock,
      over: this.closed,
      onFrame: (frame) => this.#user.frame(frame),
      onResumed: (found, resumed) => {
        if (this.#isOver) throw new FrameError("an answer to nobody");
        this.#user.resumed(found, resumed);
        this.#use(found);
      },
    });
    if (answered) return true;
    this.#complaint = link.complaint;
    if (link.fault) this.breakOff(link.fault);
    return false;
  }
}
