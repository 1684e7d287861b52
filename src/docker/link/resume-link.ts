import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Clock } from "../../engine/ports/clock.ts";
import { type Resumed, resumedSchema } from "../run/run-events.ts";
import { type Frame, FrameError, fromLauncher } from "./frames.ts";
import { LauncherLink } from "./launcher-link.ts";

/** A launcher that was attached to again has this long to answer. */
const RESUMED_MS = 5_000;
const NONCE_BYTES = 16;

interface Options {
  clock: Clock;
  /** Nobody waits any more when this resolves. */
  over: Promise<void>;
  /** Called with the first frame, before any other is dealt with; throws at what can't be. */
  onResumed(link: LauncherLink, resumed: Resumed): void;
  onFrame(frame: Frame): void;
}

/** Takes up with a launcher that is up, over a new stream. Resolves to the link, which is closed where it did not answer. */
export const resumeLink = async (
  stream: Duplex,
  { clock, over, onResumed, onFrame }: Options,
): Promise<{ link: LauncherLink; answered: boolean }> => {
  const answer = Promise.withResolvers<void>();
  let answered = false;
  const link = new LauncherLink(stream, (frame) => {
    if (answered) return onFrame(frame);
    if (frame.type !== fromLauncher.resumed)
      throw new FrameError(`a frame of type ${frame.type} before RESUMED`);
    onResumed(link, resumedSchema.parse(JSON.parse(frame.payload.toString())));
    answered = true;
    answer.resolve();
  });
  const stop = clock.after(RESUMED_MS, () => link.close());
  link.resume(randomBytes(NONCE_BYTES));
  await Promise.race([answer.promise, link.closed, over]);
  stop();
  if (!answered) link.close();
  return { link, answered };
};
