/** Reads an execution's events to their end over as many streams as it takes, and checks that none is missing. */
import { setTimeout as sleep } from "node:timers/promises";
import { isLast, type RunEvent, readEvents } from "../../src/cli/api/events.ts";
import type { Fault } from "../../src/domain/errors.ts";
import type { Execution } from "../../src/domain/execution.ts";
import { type GoodClient, Refused, toProblem } from "./good-client.ts";
import type { Tally } from "./tally.ts";

const silenceMs = 40_000;
const pauseMs = 250;
const patienceMs = 120_000;

export interface Followed {
  stdout: string;
  /** Exactly one of the two. */
  execution?: Execution;
  fault?: Fault;
}

interface Follow {
  client: GoodClient;
  tally: Tally;
  id: string;
  /** Cuts the stream by itself after so many events, again and again. */
  cutEvery?: number | undefined;
  onEvent?: (event: RunEvent) => void;
}

/** Rejects when the stream can't be resumed for too long. */
export async function follow({ client, tally, id, cutEvery, onEvent }: Follow): Promise<Followed> {
  let last = 0;
  let stdout = "";
  let giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const cut = new AbortController();
    let seen = 0;
    try {
      const headers = { accept: "text/event-stream", ...(last > 0 ? { "last-event-id": String(last) } : {}) };
      const response = await client.open("GET", `/v1/executions/${id}/events`, {
        headers,
        signal: cut.signal,
      });
      if (!response.ok) throw await refused(response, id);
      for await (const event of readEvents(response, silenceMs)) {
        giveUpAt = performance.now() + patienceMs;
        if (event.id !== last + 1) tally.fail(`${id}: event ${event.id} came after ${last}`);
        last = event.id;
        if (event.event === "stdout") stdout += textOf(event.data);
        onEvent?.(event);
        // The shapes are the service's own; the end of the soak compares them with what GET says.
        if (event.event === "finished") return { stdout, execution: event.data.execution as Execution };
        if (event.event === "error") return { stdout, fault: event.data as unknown as Fault };
        seen += 1;
        if (cutEvery !== undefined && seen >= cutEvery && !isLast(event)) break;
      }
      if (seen === 0) await sleep(pauseMs);
      tally.count("streams resumed");
    } catch (error) {
      if (error instanceof Refused && !error.problem.retryable) throw error;
      if (performance.now() > giveUpAt) throw error;
      tally.retry("stream cut");
      await sleep(pauseMs);
    } finally {
      cut.abort();
    }
  }
}

const textOf = (piece: { text: string } | { base64: string }): string =>
  "text" in piece ? piece.text : Buffer.from(piece.base64, "base64").toString("latin1");

const refused = async (response: Response, id: string) =>
  new Refused(`events of ${id}`, toProblem(response.status, Buffer.from(await response.arrayBuffer())));
