/** After the soak: is everything that was accepted there, ended, and as it was answered? */
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { labels } from "../../src/docker/container/labels.ts";
import { executionRecordSchema } from "../../src/domain/execution.ts";
import { sessionSchema, sessionStates } from "../../src/domain/session.ts";
import { type GoodClient, Refused } from "./good-client.ts";
import { digestOf, type Tally } from "./tally.ts";

export interface Verdict {
  accepted: number;
  /** Finished, or failed with a reason. */
  answered: number;
  lost: string[];
}

const endWithinMs = 60_000;
const pollMs = 200;

export async function verify(client: GoodClient, tally: Tally): Promise<Verdict> {
  const lost: string[] = [];
  let answered = 0;
  for (const [id, { by, sha256 }] of tally.accepted) {
    const record = await untilEnded(client, id);
    if (record === undefined) {
      lost.push(`${id} (${by})`);
      continue;
    }
    answered += 1;
    if (sha256 !== undefined && digestOf(record) !== sha256)
      tally.fail(`${id} (${by}): answered one thing, kept another`);
  }
  return { accepted: tally.accepted.size, answered, lost };
}

/** undefined where it is not there, or has no end. */
async function untilEnded(client: GoodClient, id: string): Promise<object | undefined> {
  const giveUpAt = performance.now() + endWithinMs;
  for (;;) {
    try {
      const { body } = await client.send("GET", `/v1/executions/${id}`);
      const record: object = JSON.parse(body.toString());
      const { status } = executionRecordSchema.parse(record);
      if (status === "finished" || status === "failed") return record;
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
    if (performance.now() > giveUpAt) return undefined;
    await sleep(pollMs);
  }
}

/** Of those that clients gave up on; every other one was closed by its client. */
export async function closeSessions(client: GoodClient): Promise<number> {
  let closed = 0;
  for (const state of sessionStates.filter((name) => name !== "ended")) {
    const { body } = await client.send("GET", `/v1/sessions?state=${state}&limit=500`);
    const { items } = JSON.parse(body.toString()) as { items: unknown[] };
    for (const item of items) {
      await client.send("DELETE", `/v1/sessions/${sessionSchema.parse(item).id}`);
      closed += 1;
    }
  }
  return closed;
}

export async function countContainers(docker: Docker, instance: string): Promise<number> {
  const filters = { label: [`${labels.instance}=${instance}`] };
  return (await docker.listContainers({ all: true, filters })).length;
}
