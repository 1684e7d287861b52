/** Finding the way back to a launcher that is up, past an engine that may be restarting. */
import type { Duplex } from "node:stream";
import type { Clock } from "../../engine/ports/clock.ts";
import { pause, within } from "../deadline.ts";

/** A launcher that wasn't reached by then is given up. */
const REATTACH_MS = 30_000;
/** An engine that doesn't answer a question by then is not going to. */
const ANSWER_MS = 3_000;
const PAUSE_MS = 200;

/** What the engine gives of one container. */
export interface Line {
  attach(): Promise<Duplex>;
  /** Rejects where the engine doesn't answer; false too where there is no such container. */
  isRunning(): Promise<boolean>;
}

interface Options {
  line: Line;
  clock: Clock;
  /** Resolves to whether the launcher answered on this stream. */
  greet(stream: Duplex): Promise<boolean>;
  isOver(): boolean;
  onEngineAway(): void;
}

/** Returns whether the launcher answered; it is given up where the container does not run, or the time is over. */
export const reattach = async ({ line, clock, greet, isOver, onEngineAway }: Options): Promise<boolean> => {
  const end = clock.monotonic() + REATTACH_MS;
  while (!isOver() && clock.monotonic() < end) {
    let running: boolean | undefined;
    try {
      running = await within(clock, ANSWER_MS, line.isRunning(), "the engine does not answer");
    } catch {
      onEngineAway();
    }
    if (running === false) return false;
    if (running && (await connect(line, clock, greet))) return true;
    await pause(clock, PAUSE_MS);
  }
  return false;
};

const connect = async (line: Line, clock: Clock, greet: Options["greet"]): Promise<boolean> => {
  let isLate = false;
  const attached = line.attach().then((stream) => {
    if (isLate) stream.destroy();
    return stream;
  });
  try {
    const stream = await within(clock, ANSWER_MS, attached, "the engine does not attach");
    return await greet(stream);
  } catch {
    isLate = true;
    return false;
  }
};
