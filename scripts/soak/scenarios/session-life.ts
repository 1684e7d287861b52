/** A session from its creation to its end, with a model beside it of what must be in it. */
import { createHash, randomUUID } from "node:crypto";
import type { Execution } from "../../../src/domain/execution.ts";
import { sessionSchema } from "../../../src/domain/session.ts";
import { Refused } from "../good-client.ts";
import { type Mode, run, short, type World } from "../runner.ts";
import { endFromOutside } from "./end-from-outside.ts";

const modes: readonly (readonly [number, Mode])[] = [
  [6, "wait"],
  [2, "poll"],
  [2, "stream"],
  [2, "broken stream"],
  [1, "twice"],
];
const step = "n += 1; print(n)";

export async function sessionLife(world: World): Promise<void> {
  const { client, random, tally } = world;
  const startedAt = performance.now();
  const { id } = await client.json(sessionSchema, "POST", "/v1/sessions", { json: {} });
  tally.latency("new session", performance.now() - startedAt);
  const life = new SessionLife(world, id);
  try {
    for (let left = random.between(8, 24); left > 0; left -= 1) await life.next();
    tally.count("session");
  } catch (error) {
    // Whoever loses a session loses what was in it.
    if (error instanceof Refused && ["session_ended", "not_found"].includes(error.problem.code)) {
      tally.fail(`session ${id}: ${error.message}`);
    }
    throw error;
  } finally {
    await client
      .send("DELETE", `/v1/sessions/${id}`)
      .catch((error: unknown) => tally.fail(`closing ${id}: ${error}`));
  }
}

class SessionLife {
  readonly #world: World;
  readonly #id: string;
  /** The variable; undefined where the interpreter has none. */
  #n: number | undefined;
  #sequence = 0;
  /** Executions that the service gave up on before they ran: they may have got a number too. */
  #slack = 0;
  #files = new Map<string, string>();

  constructor(world: World, id: string) {
    this.#world = world;
    this.#id = id;
  }

  async next(): Promise<void> {
    await this.#world.random.pick<() => Promise<void>>([
      [14, () => this.#count()],
      [2, () => this.#interrupt()],
      [1, () => this.#cancel()],
      [1, () => this.#crash()],
      [1, () => this.#reset()],
      [2, () => this.#goAwayAndComeBack()],
      [3, () => this.#putFile()],
      [2, () => this.#getFile()],
      [1, () => this.#fresh()],
    ])();
  }

  async #count(): Promise<void> {
    if (this.#n === undefined) {
      const execution = await this.#run("n = 0", this.#world.random.pick(modes), "session, begin");
      this.#expect(execution, "ok", "");
      this.#n = 0;
    }
    const execution = await this.#run(step, this.#world.random.pick(modes), "session, step");
    this.#n += 1;
    this.#expect(execution, "ok", `${this.#n}\n`);
  }

  /** The answer is waited for by nobody; the same request again must find the one that was made. */
  async #goAwayAndComeBack(): Promise<void> {
    if (this.#n === undefined) return await this.#count();
    const { client, random, tally } = this.#world;
    const key = randomUUID();
    const request = { json: { code: `import time; time.sleep(0.2); ${step}` }, key };
    const gone = AbortSignal.timeout(random.between(10, 250));
    const path = `/v1/sessions/${this.#id}/executions`;
    await client.open("POST", path, { ...request, signal: gone }).catch(() => undefined);
    const { body } = await client.send("POST", path, request);
    const execution = JSON.parse(body.toString()) as Execution;
    tally.answer(execution, "session, caller gone");
    this.#sequence += 1;
    this.#n += 1;
    this.#expect(execution, "ok", `${this.#n}\n`);
  }

  async #interrupt(): Promise<void> {
    const execution = await this.#endFromOutside("interrupt");
    this.#expect(execution, "cancelled", "on\n");
    if (execution.session?.stateLost) this.#fail(execution, "an interrupt lost the state");
  }

  async #cancel(): Promise<void> {
    const execution = await this.#endFromOutside("cancel");
    this.#expect(execution, "cancelled", "on\n");
    if (!execution.session?.stateLost) this.#fail(execution, "a cancel kept the state");
    this.#n = undefined;
    await this.#expectNothing();
  }

  async #crash(): Promise<void> {
    const code = "import os; print('bye', flush=True); os._exit(7)";
    const execution = await this.#run(code, "wait", "session, crash");
    this.#expect(execution, "nonzero_exit", "bye\n");
    if (!execution.session?.stateLost) this.#fail(execution, "a crash that kept the state");
    this.#n = undefined;
    await this.#expectNothing();
  }

  async #reset(): Promise<void> {
    const { client, tally } = this.#world;
    const session = await client.json(sessionSchema, "POST", `/v1/sessions/${this.#id}/reset`, { json: {} });
    if (session.sequence !== 0) tally.fail(`reset ${this.#id}: sequence ${session.sequence}`);
    this.#sequence = 0;
    this.#n = undefined;
    this.#files.clear();
    await this.#expectNothing();
  }

  /** State that should be gone must be gone. */
  async #expectNothing(): Promise<void> {
    const execution = await this.#run("print('n' in globals())", "wait", "session, after loss");
    this.#expect(execution, "ok", "False\n");
  }

  async #fresh(): Promise<void> {
    const execution = await this.#run("print('n' in globals())", "wait", "session, fresh", { fresh: true });
    this.#expect(execution, "ok", "False\n");
  }

  async #putFile(): Promise<void> {
    const { client, random, tally } = this.#world;
    const path = `data/${random.between(1, 5)}.bin`;
    const bytes = random.bytes(random.between(0, 60_000));
    const startedAt = performance.now();
    await client.send("PUT", `/v1/sessions/${this.#id}/files/${path}`, { bytes });
    tally.latency("file", performance.now() - startedAt);
    this.#files.set(path, sha256(bytes));
    tally.count("file put");
  }

  async #getFile(): Promise<void> {
    const { client, random, tally } = this.#world;
    if (this.#files.size === 0) return await this.#putFile();
    const [path, expected] = random.pick([...this.#files].map((file) => [1, file] as const));
    const startedAt = performance.now();
    const { body } = await client.send("GET", `/v1/sessions/${this.#id}/files/${path}`);
    tally.latency("file", performance.now() - startedAt);
    if (sha256(body) !== expected)
      tally.fail(`${this.#id} ${path}: ${body.length} bytes that nobody put there`);
    tally.count("file got");
  }

  async #endFromOutside(how: "interrupt" | "cancel"): Promise<Execution> {
    const execution = await endFromOutside(this.#world, this.#id, how, () => {
      this.#slack += 1;
    });
    this.#sequence += 1;
    return execution;
  }

  async #run(code: string, mode: Mode, by: string, more: object = {}): Promise<Execution> {
    const path = `/v1/sessions/${this.#id}/executions`;
    const latency = by === "session, step" ? ({ latency: "session step" } as const) : {};
    const onLost = () => {
      this.#slack += 1;
    };
    const execution = await run(this.#world, {
      path,
      action: { code, ...more },
      mode,
      by,
      ...latency,
      onLost,
    });
    this.#sequence += 1;
    this.#world.tally.count(by);
    return execution;
  }

  #expect(execution: Execution, outcome: string, stdout: string): void {
    const { observation, session } = execution;
    if (observation.outcome !== outcome || observation.stdout !== stdout) {
      const got = `${observation.outcome} ${short(observation.stdout)} ${short(observation.stderr)}`;
      this.#fail(execution, `${got}, expected ${outcome} ${short(stdout)}`);
    }
    const surplus = (session?.sequence ?? 0) - this.#sequence;
    if (surplus < 0 || surplus > this.#slack) {
      this.#fail(execution, `is number ${session?.sequence} of its session, expected ${this.#sequence}`);
    }
    this.#sequence += surplus;
    this.#slack = 0;
  }

  #fail({ id }: Execution, what: string): void {
    this.#world.tally.fail(`${id} in ${this.#id}: ${what}`);
  }
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
