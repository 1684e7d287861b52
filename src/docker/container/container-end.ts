/** How the engine says that a container ended. */
import type { Container } from "dockerode";
import type { Clock } from "../../engine/ports/clock.ts";
import type { SandboxContainer } from "../../engine/ports/runtime.ts";
import { within } from "../deadline.ts";
import { statusOf } from "./docker-errors.ts";

/** An engine that doesn't answer a question by then is not going to. */
const ANSWER_MS = 3_000;
/** What a container's exit code is where SIGKILL or SIGTERM ended it. */
const exitCodesOfKills = [137, 143];
const MAX_DETAIL = 1_000;
/** A traceback's last lines say the most. */
const MAX_COMPLAINT = 800;

type PostMortem = Awaited<ReturnType<SandboxContainer["postMortem"]>>;
type ContainerEnd =
  | { kind: "ended"; outOfMemory: boolean; exitCode: number }
  | { kind: "running" }
  | { kind: "gone" }
  | { kind: "unknown" };

/** Waits a moment for the end: a stream is closed a little before its container has ended. */
export const endOf = async (
  container: Pick<Container, "wait" | "inspect">,
  clock: Clock,
): Promise<ContainerEnd> => {
  try {
    await within(clock, ANSWER_MS, container.wait(), "it goes on");
  } catch {
    // The state tells.
  }
  try {
    const { State } = await within(clock, ANSWER_MS, container.inspect(), "the engine does not answer");
    if (State.Running) return { kind: "running" };
    return { kind: "ended", outOfMemory: State.OOMKilled, exitCode: State.ExitCode };
  } catch (error) {
    return { kind: statusOf(error) === 404 ? "gone" : "unknown" };
  }
};

interface Seen {
  /** How the launcher broke the protocol, if it did. */
  fault: Error | undefined;
  /** Why the last link was lost. */
  complaint: string;
  /** The engine was seen not to answer before the sandbox was given up. */
  engineWasAway: boolean;
}

/** Names the cause of a sandbox's end that nobody asked for. */
export const causeOf = (end: ContainerEnd, { fault, complaint, engineWasAway }: Seen): PostMortem => {
  const because = (cause: PostMortem["cause"], detail: string): PostMortem => ({
    cause,
    detail: detail.slice(0, MAX_DETAIL),
  });
  const last = complaint.slice(-MAX_COMPLAINT);
  const isEnded = end.kind === "ended";
  if (isEnded && end.outOfMemory) return because("memory", "the kernel ended it for memory");
  if (fault) return because("launcher_failed", fault.message);
  if (end.kind === "unknown") return because("engine_lost", "the engine does not answer");
  if (end.kind === "running") return because("launcher_failed", `the launcher did not answer: ${last}`);
  if (engineWasAway) return because("engine_lost", "the engine went away, and the container has ended since");
  if (!isEnded) return because("killed", "the container was removed");
  return exitCodesOfKills.includes(end.exitCode)
    ? because("killed", `the container ended with exit code ${end.exitCode}`)
    : because("launcher_failed", `the launcher ended with exit code ${end.exitCode}: ${last}`);
};
