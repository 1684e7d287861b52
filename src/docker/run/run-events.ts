/** Events of runs: told apart by their numbers, and given to the run that they belong to. */
import { z } from "zod";
import { isLast, type RunFrame } from "../link/event-number.ts";
import { FrameError, fromLauncher } from "../link/frames.ts";

const startedSchema = z.strictObject({ id: z.string() });

export const resumedSchema = z.strictObject({
  running: z.string().nullable(),
  retained: z.array(z.string()).max(10_000),
  interpreter: z.int().min(0),
});
export type Resumed = z.infer<typeof resumedSchema>;

interface Run {
  readonly id: string;
  /** Nobody's yet: its events are held. */
  take: ((frame: RunFrame) => void) | undefined;
  held: RunFrame[];
  seen: boolean;
  /** The number of its last event, once it is over. */
  last: number | undefined;
  forgotten: boolean;
}

/** One run at a time; those that are over are kept until they are forgotten. */
export class RunEvents {
  readonly #maxHeldBytes: number;
  #runs: Run[] = [];
  #heldBytes = 0;
  /** Of the last event; undefined while any may be the first. */
  #number: number | undefined;
  #replayed = false;

  /** An adopted launcher's events may begin with any number, and are held until their run is claimed. */
  constructor({ adopted, maxHeldBytes }: { adopted: boolean; maxHeldBytes: number }) {
    this.#number = adopted ? undefined : 0;
    this.#maxHeldBytes = maxHeldBytes;
  }

  begin(id: string, take: (frame: RunFrame) => void): void {
    if (this.#current()) throw new Error("one run at a time");
    this.#runs.push(toRun(id, take));
  }

  /** Whether the launcher told of this run, and it is nobody's yet. */
  knows(id: string): boolean {
    return this.#unclaimed(id) !== undefined;
  }

  /** Gives a run that the launcher told of to its owner, with what it has said so far. Returns whether that was all. */
  claim(id: string, take: (frame: RunFrame) => void): boolean {
    const run = this.#unclaimed(id);
    if (!run) throw new Error(`${id} is not there to be claimed`);
    run.take = take;
    for (const frame of this.#release(run)) take(frame);
    return run.last !== undefined;
  }

  /**
   * Returns the run that the event belongs to; undefined where it was there before. Throws a FrameError
   * where it is out of turn, and whatever the run's owner throws at it.
   */
  take(frame: RunFrame): string | undefined {
    if (this.#isRepeated(frame.number)) return undefined;
    const run = this.#current();
    if (!run) throw new FrameError(`an event of type ${frame.type} of no run`);
    if (frame.type === fromLauncher.started && startedOf(frame) !== run.id) {
      throw new FrameError("another run started than the one that was sent");
    }
    run.seen = true;
    if (isLast(frame)) run.last = frame.number;
    if (run.take) run.take(frame);
    else if (!run.forgotten) this.#hold(run, frame);
    return run.id;
  }

  /**
   * The launcher told what it has, on a new link, and says all of it again. Returns the run that it
   * should have and never got.
   */
  resumed({ running, retained }: Resumed): string | undefined {
    this.#replayed = true;
    const known = [...new Set(running === null ? retained : [...retained, running])];
    if (this.#number === undefined && this.#runs.length === 0) {
      this.#runs = known.map((id) => toRun(id, undefined));
      return undefined;
    }
    const run = this.#current();
    if (running !== null && !this.#runs.some(({ id, last }) => id === running && last === undefined)) {
      throw new FrameError("a run goes on that was not sent");
    }
    if (!run || known.includes(run.id)) return undefined;
    if (run.seen) throw new FrameError("the launcher lost a run");
    return run.id;
  }

  /** Returns the number up to which every event is of a run that is forgotten, where it went up. */
  forget(id: string): number | undefined {
    const run = this.#runs.find((one) => one.id === id && !one.forgotten);
    if (!run) return undefined;
    run.forgotten = true;
    this.#release(run);
    return this.acknowledged();
  }

  /** As `forget`, for a run that was forgotten before it was over. */
  acknowledged(): number | undefined {
    let number: number | undefined;
    for (let [run] = this.#runs; run?.forgotten && run.last !== undefined; [run] = this.#runs) {
      number = run.last;
      this.#runs.shift();
    }
    return number;
  }

  #current(): Run | undefined {
    return this.#runs.find(({ last }) => last === undefined);
  }

  #unclaimed(id: string): Run | undefined {
    return this.#runs.find((run) => run.id === id && !run.take && !run.forgotten);
  }

  #isRepeated(number: number): boolean {
    const expected = this.#number === undefined ? number : this.#number + 1;
    if (number < expected && this.#replayed) return true;
    if (number !== expected || number === 0) throw new FrameError(`event ${number}, expected ${expected}`);
    this.#number = number;
    this.#replayed = false;
    return false;
  }

  #hold(run: Run, frame: RunFrame): void {
    this.#heldBytes += frame.payload.length + 64;
    if (this.#heldBytes > this.#maxHeldBytes)
      throw new FrameError("more events of runs that nobody claims than allowed");
    run.held.push(frame);
  }

  #release(run: Run): RunFrame[] {
    const frames = run.held;
    run.held = [];
    this.#heldBytes -= frames.reduce((sum, { payload }) => sum + payload.length + 64, 0);
    return frames;
  }
}

const toRun = (id: string, take: Run["take"]): Run => ({
  id,
  take,
  held: [],
  seen: false,
  last: undefined,
  forgotten: false,
});

const startedOf = ({ payload }: RunFrame): string => startedSchema.parse(JSON.parse(payload.toString())).id;
