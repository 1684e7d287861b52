import type { ServiceAttempt } from "../attempt.ts";
import { type AttackWorld, posting, statusOf } from "./attack-world.ts";

const AT_ONCE = 60;
const FAIR_MS = 10_000;

const pass = ({ policy, image }: AttackWorld, code = "pass") => posting({ code, policy, image });

/** What is refused before anything of it runs. */
const oversized = ({ policy, image }: AttackWorld): Record<string, RequestInit> => {
  const body = { code: "pass", policy, image };
  return {
    "a body of a tebibyte": posting(body, { "content-length": String(2 ** 40) }),
    "an environment of 2 MiB": posting({
      ...body,
      env: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`V${index}`, "x".repeat(10_000)])),
    }),
    "10,000 arguments": posting({ ...body, args: Array.from({ length: 10_000 }, () => "x") }),
    "5,000 files": posting({
      ...body,
      files: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, ""])),
    }),
    "brackets without end": { ...posting({}), body: `{"code":${"[".repeat(200_000)}` },
    "an unknown field": posting({ ...body, privileged: true }),
    "limits above the policy's": posting({ ...body, limits: { memoryMiB: 1_000_000 } }),
  };
};

export const flood: ServiceAttempt = {
  head: {
    id: 65,
    name: "flood",
    title:
      "Take the service from others: more requests than places, requests that are too large, one key twice",
    class: "service",
    techniques: ["T1499.002", "T1499.003"],
    defences: [
      "bounds of sandboxes, queue and rate for each tenant",
      "bodies are bounded before they are read",
    ],
    wallMs: 60_000,
    // Without keys everybody is one tenant, whose queue is everybody's.
    needsKeys: true,
  },
  attempt: async (world) => {
    const { alice, mallory, clock } = world;
    const flooding = Array.from({ length: AT_ONCE }, async () =>
      statusOf(await mallory.ask("/v1/executions", pass(world, "import time; time.sleep(0.3)"))),
    );
    const started = clock.monotonic();
    const neighbour = await statusOf(await alice.ask("/v1/executions", pass(world)));
    const ms = Math.round(clock.monotonic() - started);
    const statuses = await Promise.all(flooding);
    const refused = statuses.filter((status) => status === 503 || status === 429).length;
    const taken: string[] = [];
    for (const [kind, init] of Object.entries(oversized(world))) {
      if ((await statusOf(await mallory.ask("/v1/executions", init))) < 400) taken.push(kind);
    }
    const twice = await sameKeyTwice(world);
    return {
      reached: refused === 0 || neighbour !== 200 || ms > FAIR_MS || taken.length > 0 || twice !== 409,
      saw: `${refused} of ${AT_ONCE} at once refused; a neighbour's run meanwhile: ${neighbour} after ${ms} ms; oversized ones taken: ${taken.join(", ") || "none"}; one key for two bodies: ${twice}`,
    };
  },
  control: async (world) => {
    const status = await statusOf(await world.mallory.ask("/v1/executions", pass(world)));
    return { reached: status === 200, saw: `one honest request: ${status}` };
  },
};

const sameKeyTwice = async (world: AttackWorld): Promise<number> => {
  const headers = { "idempotency-key": `proof-${crypto.randomUUID()}` };
  const { policy, image } = world;
  const ask = (code: string) =>
    world.mallory.ask("/v1/executions", posting({ code, policy, image }, headers));
  await statusOf(await ask("pass"));
  return await statusOf(await ask("print('another')"));
};
