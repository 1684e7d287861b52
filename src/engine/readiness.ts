import { ServiceError } from "../domain/errors.ts";
import type { PoolStatus } from "./ports/pool-status.ts";

export interface Readiness {
  ready: boolean;
  checks: { name: string; ok: boolean; detail: string }[];
  pools: PoolStatus[];
}

/** Throws, or rejects, when the part can't serve; a text is what it has to say of itself. */
type Probe = () => unknown;

/** Asks each part whether it can serve; a part that can't throws. */
export const askReadiness = async (parts: Record<string, Probe>, pools: PoolStatus[]): Promise<Readiness> => {
  const checks = await Promise.all(Object.entries(parts).map(([name, probe]) => check(name, probe)));
  return { ready: checks.every(({ ok }) => ok), checks, pools };
};

const check = async (name: string, probe: Probe) => {
  try {
    const said = await probe();
    return { name, ok: true, detail: typeof said === "string" ? said : "ok" };
  } catch (error) {
    // Whoever asks may have no key: only what is meant to be shown.
    const detail = error instanceof ServiceError ? error.message : "it failed; see the log";
    return { name, ok: false, detail };
  }
};
