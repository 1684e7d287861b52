/** Starts a proof on the service and waits for its end, with a line that says how far it is. */
import { route } from "../api/route.ts";
import type { Proof } from "../api/types.ts";
import type { Context } from "../context.ts";
import { escapeText } from "../terminal/escape.ts";
import { counted } from "../terminal/plural.ts";

const ASK_EVERY_MS = 500;

export interface Wanted {
  policy: string;
  runtime: string | undefined;
  tier: string | undefined;
  attempts: number[] | undefined;
}

/** Resolves when it has ended. A signal cancels it on the service, and then it is one that failed. */
export const followProof = async (context: Context, wanted: Wanted): Promise<Proof> => {
  const api = context.api();
  let proof = await api.post<Proof>("/v1/proofs", wanted);
  const path = route`/v1/proofs/${proof.id}`;
  let cancelled: Promise<unknown> | undefined;
  using _ = context.onStop(() => {
    cancelled ??= api.post(`${path}/cancel`).catch(() => {});
  });
  const progress = new Progress(context);
  while (proof.status === "running") {
    await progress.show(wanted.policy, proof);
    await context.times.pause(ASK_EVERY_MS);
    proof = await api.get<Proof>(path);
  }
  await cancelled;
  await progress.end(wanted.policy, proof);
  return proof;
};

const MAX_TITLE = 60;
const CLEAR_LINE = "\r\x1b[K";

/** On a terminal one line that changes, elsewhere one for each proof. */
class Progress {
  readonly #err: Context["err"];

  constructor({ err }: Context) {
    this.#err = err;
  }

  async show(policy: string, { attempts, total, underWay }: Proof): Promise<void> {
    if (!this.#err.isTerminal) return;
    const title = escapeText(underWay[0] ?? "the first clean run").slice(0, MAX_TITLE);
    const done = `${attempts.length}/${total}`;
    await this.#err.write(
      `${CLEAR_LINE}${this.#err.paint("bold", policy)}  ${done}  ${this.#err.paint("dim", title)}`,
    );
  }

  async end(policy: string, { id, status, total, summary, ms, error }: Proof): Promise<void> {
    const { blocked = 0, contained = 0, escaped = 0, inconclusive = 0 } = summary;
    const counts = `${blocked} blocked, ${contained} contained, ${escaped} escaped, ${inconclusive} inconclusive`;
    const end =
      status === "finished"
        ? `${counted(total, "attempt")} in ${(ms / 1000).toFixed(1)} s: ${counts}`
        : `${status}: ${escapeText(error ?? "")}`;
    await this.#err.write(`${this.#err.isTerminal ? CLEAR_LINE : ""}${escapeText(policy)}: ${end} (${id})\n`);
  }
}
