/** Carries one run through, from its first frame to its report, and gives up on it when its time is over. */
import type { Container } from "dockerode";
import type { Clock } from "../../engine/ports/clock.ts";
import {
  InputsRefused,
  type RunOptions,
  type RunReport,
  type RunRequest,
  SandboxFault,
} from "../../engine/ports/runtime.ts";
import { endOf } from "../container/container-end.ts";
import { LinkBroken } from "../link/calls.ts";
import { LauncherCalls } from "../link/launcher-calls.ts";
import type { LauncherChannel, RunHandler } from "../link/launcher-channel.ts";
import type { LinkKeeper } from "../link/link-keeper.ts";
import { Gathered } from "./gathered.ts";
import type { NameDenied } from "./launcher-evidence.ts";
import { type CountOomKills, withOomKills } from "./oom-kills.ts";
import { OutputFiles } from "./output-files.ts";
import { errorOf, isFullOfProcesses, type Refusal } from "./refusal.ts";
import { type Late, RunTimer } from "./run-timer.ts";

/** How much longer than its own limit a run may take before the service ends it itself. */
const GRACE_MS = 2_000;
/** Inputs on their way in, and output files on their way out, have this long together. */
const TRANSFER_MS = 30_000;
/** A cancelled run's launcher has this long to say how it ended: little where the sandbox is thrown away anyway. */
const CANCEL_MS = { once: 1_000, lasting: 10_000 };

export interface Carried extends RunOptions, Pick<RunRequest, "id" | "limits" | "outputs"> {
  channel: LauncherChannel;
  container: Pick<Container, "wait" | "inspect">;
  clock: Clock;
  nameDenied: NameDenied;
  countOomKills?: CountOomKills;
  /** The sandbox is to be used after this run, so one that did not end it well is ended itself. */
  lasting: boolean;
  /** Whether the sandbox was let go of from our side. */
  isGone(): boolean;
  /** Hands the run to the channel; throws where it can't be. */
  begin(handler: RunHandler): void;
}

export const carryRun = async (carried: Carried): Promise<RunReport> => {
  const { channel, clock, id, limits, outputs, signal, lasting } = carried;
  const gathered = new Gathered(carried, clock, carried.onEvent);
  const files = new OutputFiles(new LauncherCalls(channel), outputs, limits);
  const begun = clock.monotonic();
  const begunAt = clock.now();
  const timer = new RunTimer(channel.links, clock);
  timer.set(TRANSFER_MS + limits.wallMs + GRACE_MS, "wall");
  const cancel = () => {
    timer.set(lasting ? CANCEL_MS.lasting : CANCEL_MS.once, "cancel");
    channel.cancel(id);
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    carried.begin({
      take: (frame) => gathered.add(frame),
      relinked: () => {
        if (signal.aborted) channel.cancel(id);
      },
    });
    const givenUp = Promise.race([channel.links.closed, timer.passed]);
    let late = await Promise.race([gathered.over, givenUp]);
    if (gathered.refusal) return refused(gathered.refusal, carried);
    if (gathered.evidence && outputs.length > 0) {
      late = await Promise.race([collect(files, channel.links), givenUp]);
    }
    return await report(carried, {
      gathered,
      files,
      late: late ?? undefined,
      wallMs: clock.monotonic() - begun,
      begunAt,
    });
  } finally {
    gathered.stop();
    timer.stop();
    signal.removeEventListener("abort", cancel);
  }
};

/** Begins again when the link breaks, because the launcher has then closed what it had opened. */
const collect = async (files: OutputFiles, links: LinkKeeper): Promise<void> => {
  for (;;) {
    try {
      return await files.collect();
    } catch (error) {
      // How the run ended is known, also where its files don't all arrive.
      if (!(error instanceof LinkBroken)) return;
      await Promise.race([links.linked, links.closed]);
    }
  }
};

/** Nothing of it ran. */
const refused = (refusal: Refusal, { lasting, signal }: Carried): RunReport => {
  const error = errorOf(refusal, lasting);
  if (error instanceof InputsRefused) throw error;
  // The launcher may have heard of it before the code began.
  signal.throwIfAborted();
  if (!isFullOfProcesses(refusal, lasting)) throw error;
  const nothing = Buffer.alloc(0);
  return {
    stdout: nothing,
    stderr: nothing,
    results: [],
    outputs: { files: [], skipped: [] },
    end: { kind: "refused", cause: "processes" },
  };
};

interface Ending {
  gathered: Gathered;
  files: OutputFiles;
  late: Late | undefined;
  wallMs: number;
  /** Milliseconds since 1970. */
  begunAt: number;
}

const report = async (
  { channel: { links }, container, clock, countOomKills, lasting, isGone }: Carried,
  { gathered, files, late, wallMs, begunAt }: Ending,
): Promise<RunReport> => {
  const { started, evidence } = gathered;
  if (links.fault) throw new SandboxFault("the sandbox broke the protocol", started, links.fault);
  const withEnd = (end: RunReport["end"]) => ({ ...gathered.report(), outputs: files.result(), end });
  if (evidence)
    return withEnd({ kind: "launcher", evidence: await withOomKills(evidence, begunAt, countOomKills) });
  if (isGone()) throw new SandboxFault("the sandbox was let go of", started);
  if (lasting) links.breakOff(new Error("the launcher did not say how a run ended"));
  if (started && late) return withEnd({ kind: "lost", cause: late, wallMs });
  if (started) {
    const end = await endOf(container, clock);
    if (end.kind === "ended" && end.outOfMemory) return withEnd({ kind: "lost", cause: "memory", wallMs });
  }
  throw new SandboxFault(`the launcher ended early: ${links.complaint}`, started);
};
