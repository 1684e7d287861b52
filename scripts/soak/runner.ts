/** One execution in any of the ways in which the API gives one, always to its end. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Execution, executionRecordSchema, executionSchema } from "../../src/domain/execution.ts";
import { follow } from "./follow.ts";
import type { GoodClient } from "./good-client.ts";
import type { Random } from "./random.ts";
import type { LatencyKind, Tally } from "./tally.ts";

/** Waits for the answer; polls; reads along; reads along and loses the connection; sends the same thing twice. */
export type Mode = "wait" | "poll" | "stream" | "broken stream" | "twice";

export interface World {
  client: GoodClient;
  tally: Tally;
  random: Random;
  /** Ends everything at once. */
  stop: AbortSignal;
}

const pendingSchema = z.object({ id: z.string() });
const pollMs = 60;
/** The service gives up on an execution together with its sandbox, or while its engine is away. */
const attempts = 40;
const retryMs = 500;

export interface Run {
  path: string;
  action: object;
  mode: Mode;
  /** For the report. */
  by: string;
  latency?: LatencyKind;
  /** The service gave up on it before it ran, and it is sent again. */
  onLost?: () => void;
}

export async function run(world: World, wanted: Run): Promise<Execution> {
  const { tally } = world;
  const key = randomUUID();
  for (let attempt = 1; ; attempt += 1) {
    const startedAt = performance.now();
    const execution = await runOnce(world, wanted, key);
    if (execution) {
      if (wanted.mode === "wait" && wanted.latency)
        tally.latency(wanted.latency, performance.now() - startedAt);
      tally.answer(execution, wanted.by);
      return execution;
    }
    if (attempt === attempts) throw new Error(`${wanted.by}: the service failed ${attempts} times`);
    tally.retry("execution failed, retryable");
    wanted.onLost?.();
    await sleep(retryMs, undefined, { signal: world.stop });
  }
}

/** undefined where the service failed and the same request may be sent again. */
async function runOnce(
  world: World,
  { path, action, mode, by }: Run,
  key: string,
): Promise<Execution | undefined> {
  const { client, tally } = world;
  if (mode === "wait") return await client.json(executionSchema, "POST", path, { json: action, key });
  if (mode === "twice") {
    const both = await Promise.all(
      [1, 2].map(() => client.json(executionSchema, "POST", path, { json: action, key })),
    );
    const [first, second] = both;
    if (first?.id !== second?.id)
      tally.fail(`${by}: one key made two executions, ${first?.id} and ${second?.id}`);
    tally.count("idempotent repeats");
    return first;
  }
  const id = await accept(world, path, action, key, mode);
  tally.accept(id, by);
  if (mode === "poll") return await poll(world, id);
  const cutEvery = mode === "broken stream" ? world.random.between(1, 3) : undefined;
  const { stdout, execution, fault } = await follow({ client, tally, id, cutEvery });
  if (execution) {
    const told = execution.observation.stdout;
    if (told !== stdout)
      tally.fail(`${by} ${id}: streamed ${short(stdout)}, then finished with ${short(told)}`);
    return execution;
  }
  if (!fault?.retryable) throw new Error(`${by} ${id}: ${fault?.code}: ${fault?.detail}`);
  return undefined;
}

/** Either way the id is known before the end. */
async function accept(world: World, path: string, action: object, key: string, mode: Mode): Promise<string> {
  const { client } = world;
  if (mode !== "broken stream") {
    const headers = { prefer: "respond-async" };
    const answer = await client.send("POST", path, { json: action, key, headers });
    return pendingSchema.parse(JSON.parse(answer.body.toString())).id;
  }
  // Goes away in the middle of the first stream; where there is none, the ordinary way has the patience.
  const gone = new AbortController();
  const request = { json: action, key, headers: { accept: "text/event-stream" }, signal: gone.signal };
  const response = await client.open("POST", path, request).catch(() => undefined);
  const id = response?.headers.get("x-execution-id");
  gone.abort();
  return id ?? (await accept(world, path, action, key, "poll"));
}

async function poll({ client, stop }: World, id: string): Promise<Execution | undefined> {
  for (;;) {
    const record = await client.json(executionRecordSchema, "GET", `/v1/executions/${id}`);
    if (record.status === "finished") return record;
    if (record.status === "failed") {
      if (record.error.retryable) return undefined;
      throw new Error(`${id}: ${record.error.code}: ${record.error.detail}`);
    }
    await sleep(pollMs, undefined, { signal: stop });
  }
}

export const short = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
