/** One execution from its submission to its exit code. */
import type { Api } from "../api/client.ts";
import { isLast, type RunEvent } from "../api/events.ts";
import { follow } from "../api/follow.ts";
import type { Context } from "../context.ts";
import { BrokenPipe, exitCodes, reasonOf } from "../errors.ts";
import { escapeText } from "../terminal/escape.ts";
import { exitCodeOf } from "./exit-code.ts";
import { feedStdin } from "./feed-stdin.ts";
import { present } from "./present.ts";
import { StopControl, type StopVerb } from "./stop-control.ts";

export interface Run {
  path: string;
  action: object;
  /** What each Ctrl-C asks for. */
  stops: StopVerb[];
  /** Fed while it runs, where the action keeps its standard input open. */
  stdin?: AsyncIterable<Uint8Array | string>;
  outputDir?: string;
}

export const carryOut = async (context: Context, run: Run): Promise<number> => {
  const api = context.api();
  using stop = new StopControl(context, api, run.stops);
  try {
    // Answered before it runs: with the id in hand it can be stopped and followed whatever happens to a stream.
    const headers = { prefer: "respond-async" };
    const { id } = await api.post<{ id: string }>(run.path, run.action, { headers, signal: stop.left });
    const stopping = stop.setId(id);
    const code = await watch(context, api, id, run, stop);
    await stopping;
    return stop.exitCode ?? code;
  } catch (error) {
    if (error instanceof BrokenPipe) await stop.cancel();
    if (stop.left.aborted) return stop.exitCode ?? exitCodes.cancelled;
    throw error;
  }
};

const watch = async (
  context: Context,
  api: Api,
  id: string,
  run: Run,
  stop: StopControl,
): Promise<number> => {
  const over = new AbortController();
  let feeding: Promise<void> | undefined;
  try {
    for await (const event of follow(api, id, stop.left)) {
      // Before its code runs, a run takes no input.
      if (event.event === "started" && run.stdin) {
        feeding ??= feedStdin(api, id, run.stdin, AbortSignal.any([over.signal, stop.left]));
        feeding.catch((error) =>
          stop.fail(`its standard input could not be sent: ${escapeText(reasonOf(error))}`),
        );
      }
      await present(context, event, run.outputDir);
      if (isLast(event)) return codeOf(event);
    }
    return exitCodes.fault;
  } finally {
    over.abort();
  }
};

const codeOf = (event: RunEvent): number =>
  event.event === "finished" ? exitCodeOf(event.data.execution.observation) : exitCodes.fault;
