/** What an attempt on the service itself gets to work with: the door, and keys that end with the proof. */
import type { Clock } from "../../ports/clock.ts";

/** A caller of the API. */
export interface Attacker {
  tenant: string;
  /** As a request over the network, without the network. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

export interface AttackWorld {
  /** Two tenants that know nothing of each other. */
  mallory: Attacker;
  alice: Attacker;
  /** Name of the policy under proof, as an action can say it. */
  policy: string;
  image: string;
  /** Random texts in files of the host: no answer may have one. */
  tokens: readonly string[];
  clock: Clock;
  signal: AbortSignal;
}

export interface TestSession {
  id: string;
  path: string;
  /** Runs code in it; resolves to what it printed. Throws where it did not end well. */
  run(code: string): Promise<string>;
}

/** A session that is closed afterwards, whatever happened. */
export const inSession = async <T>(
  { policy, image }: AttackWorld,
  { ask }: Attacker,
  use: (session: TestSession) => Promise<T>,
): Promise<T> => {
  const { id } = await made<{ id: string }>(await ask("/v1/sessions", posting({ policy, image })), 201);
  const path = `/v1/sessions/${id}`;
  try {
    return await use({
      id,
      path,
      run: async (code) => {
        const answer = await made<Ended>(await ask(`${path}/executions`, posting({ code })), 200);
        const { outcome, stdout, stderr } = answer.observation;
        if (outcome !== "ok")
          throw new Error(`the session's code ended as ${outcome}: ${stderr.slice(-300)}`);
        return stdout;
      },
    });
  } finally {
    await (await ask(path, { method: "DELETE" })).body?.cancel();
  }
};

interface Ended {
  observation: { outcome: string; stdout: string; stderr: string };
}

export const posting = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

/** The answer's JSON; throws where the status is another one. */
export const made = async <T>(response: Response, status: number): Promise<T> => {
  const text = await response.text();
  if (response.status !== status) throw new Error(`answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
};

/** Reads the answer to its end, so that nothing stays open. */
export const statusOf = async (response: Response): Promise<number> => {
  await response.body?.cancel();
  return response.status;
};
