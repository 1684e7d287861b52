/** Executions in containers of their own. */
import { randomUUID } from "node:crypto";
import { batchLineSchema } from "../../../src/domain/batch.ts";
import { type Mode, run, short, type World } from "../runner.ts";

const modes: readonly (readonly [number, Mode])[] = [
  [4, "wait"],
  [2, "poll"],
  [2, "stream"],
  [2, "broken stream"],
  [1, "twice"],
];

export async function oneShot(world: World): Promise<void> {
  const { random, tally } = world;
  const [a, b] = [random.between(1, 999), random.between(1, 999)];
  const lines = random.between(1, 4);
  const code = `import time\nfor i in range(${lines}):\n    print(i, ${a} * ${b}, flush=True)\n    time.sleep(0.02)`;
  const mode = random.pick(modes);
  const by = `one-shot, ${mode}`;
  const latency = lines === 1 ? ({ latency: "one-shot" } as const) : {};
  const { id, observation } = await run(world, {
    path: "/v1/executions",
    action: { code },
    mode,
    by,
    ...latency,
  });
  const expected = Array.from({ length: lines }, (_, i) => `${i} ${a * b}\n`).join("");
  if (observation.outcome !== "ok" || observation.stdout !== expected) {
    tally.fail(
      `${by} ${id}: ${observation.outcome} ${short(observation.stdout)}, expected ${short(expected)}`,
    );
  }
  tally.count(by);
}

/** Waits without a key and goes away: nothing can come back for it, so it is cancelled. */
export async function goneCaller({ client, random, tally }: World): Promise<void> {
  const gone = AbortSignal.timeout(random.between(20, 300));
  const json = { code: "import time\ntime.sleep(20)" };
  await client.open("POST", "/v1/executions", { json, signal: gone }).catch(() => undefined);
  tally.count("caller gone");
}

/** A few items; where the answer breaks off, the same ids again bring the rest. */
export async function batch({ client, random, tally, stop }: World): Promise<void> {
  const items = Array.from({ length: random.between(2, 4) }, () => ({
    id: randomUUID(),
    value: random.between(1, 9999),
  }));
  const json = { items: items.map(({ id, value }) => ({ id, action: { code: `print(${value})` } })) };
  const left = new Map<string, number>(items.map(({ id, value }) => [id, value]));
  for (let attempt = 1; left.size > 0; attempt += 1) {
    if (attempt > 20) return tally.fail(`batch: ${left.size} items never came`);
    const lines = await client
      .send("POST", "/v1/batches", { json })
      .then(({ body }) => body.toString().split("\n").filter(Boolean));
    for (const line of lines) {
      const parsed = batchLineSchema.safeParse(JSON.parse(line));
      if (!parsed.success) return tally.fail(`batch: a line that is none: ${short(line)}`);
      if (!("execution" in parsed.data)) continue;
      const { id, execution } = parsed.data;
      tally.answer(execution, "batch");
      const expected = `${left.get(id)}\n`;
      if (left.has(id) && execution.observation.stdout !== expected) {
        tally.fail(
          `batch ${execution.id}: ${short(execution.observation.stdout)}, expected ${short(expected)}`,
        );
      }
      left.delete(id);
    }
    stop.throwIfAborted();
  }
  tally.count("batch");
}
