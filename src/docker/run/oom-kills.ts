import type Dockerode from "dockerode";
import type { Evidence } from "../../domain/outcome.ts";
import type { Clock } from "../../engine/ports/clock.ts";

/** What the kernel tells the engine of a kill arrives a moment after the kill. */
const LATE_MS = 150;

/** Counts kills for memory since a moment, in ms since 1970; undefined where the launcher sees them itself. */
export type CountOomKills = ((sinceMs: number) => Promise<number>) | undefined;

/** As the engine was told by the kernel of the host. */
export const oomKillsOf =
  (docker: Pick<Dockerode, "getEvents">, containerId: string, clock: Clock): NonNullable<CountOomKills> =>
  async (sinceMs) => {
    const stream = await docker.getEvents({
      since: toSeconds(sinceMs),
      until: toSeconds(clock.now() + LATE_MS),
      filters: { container: [containerId], event: ["oom"] },
    });
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text.split("\n").filter((line) => line.trim() !== "").length;
  };

/** The engine takes fractions of a second. */
const toSeconds = (ms: number): number => ms / 1000;

/**
 * A kernel of the sandbox's own doesn't know that the host's killed a process of its: a run that came to a bad end is
 * asked after.
 */
export const withOomKills = async <E extends Evidence>(
  evidence: E,
  sinceMs: number,
  count: CountOomKills,
): Promise<E> => {
  const { oomKills, killedBy, exitCode } = evidence;
  if (!count || oomKills !== null || killedBy !== null || exitCode === 0) return evidence;
  try {
    return { ...evidence, oomKills: await count(sinceMs) };
  } catch {
    // Not known, as before.
    return evidence;
  }
};
