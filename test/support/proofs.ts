/** What proofs need besides an engine, in memory: a store and a canary that a test can have seen something. */

import { controlNames } from "../../src/domain/controls.ts";
import type { AttemptResult, Proof, ProofHead } from "../../src/domain/proof.ts";
import type { CanaryReport, HostCanary, SandboxTraces } from "../../src/engine/ports/host-canary.ts";
import type { ProofStore } from "../../src/engine/ports/proof-store.ts";
import type { Page, PageQuery } from "../../src/engine/ports/stores.ts";
import { summaryOf } from "../../src/engine/proofs/summary.ts";
import { pageOf } from "./page-of.ts";

export class MemoryProofStore implements ProofStore {
  readonly #rows = new Map<string, Proof>();
  saves = 0;

  save(proof: Proof): void {
    this.saves += 1;
    this.#rows.set(proof.id, structuredClone(proof));
  }

  find(id: string): Proof | undefined {
    return structuredClone(this.#rows.get(id));
  }

  list(query: PageQuery): Page<ProofHead> {
    const heads = [...this.#rows.values()].map(({ attempts: _, skipped: __, ...head }) => head);
    return pageOf(heads, query);
  }

  running(): Proof[] {
    return structuredClone([...this.#rows.values()].filter(({ status }) => status === "running"));
  }

  prune(olderThan: number): number {
    const old = [...this.#rows.values()].filter(({ createdAt }) => Date.parse(createdAt) < olderThan);
    for (const { id } of old) this.#rows.delete(id);
    return old.length;
  }
}

export class FakeCanary implements HostCanary {
  readonly traced: string[] = [];
  readonly looked: (readonly SandboxTraces[])[] = [];
  planted = 0;
  report: CanaryReport = { ok: true, evidence: "nothing left" };

  async plant() {
    this.planted += 1;
    return {
      tokens: ["canary-token"],
      trace: async (containerId: string) => {
        this.traced.push(containerId);
        return { containerId, unseen: [], uid: 20_000, cgroups: [], mounts: [] };
      },
      look: async (gone: readonly SandboxTraces[]) => {
        this.looked.push(gone);
        return this.report;
      },
      [Symbol.asyncDispose]: async () => {
        this.planted -= 1;
      },
    };
  }
}

export const anAttemptResult = (change: Partial<AttemptResult> = {}): AttemptResult => ({
  id: 1,
  name: "mount",
  title: "Mount a file system",
  class: "system_calls",
  techniques: ["T1611"],
  defences: ["seccomp"],
  verdict: "blocked",
  evidence: "EPERM",
  control: { succeeded: true, evidence: "mounted" },
  cleanRun: { ok: true, evidence: "as before" },
  canary: { ok: true, evidence: "nothing left" },
  denied: ["mount(0x1) ×1"],
  ms: 1000,
  ...change,
});

export const aProof = (change: Partial<Proof> = {}): Proof => {
  const attempts = change.attempts ?? [anAttemptResult()];
  return {
    id: "prf_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0",
    createdAt: "2027-01-15T08:00:00.000Z",
    status: "finished",
    policy: { name: "default", digest: `sha256:${"a".repeat(64)}` },
    image: { name: "python", digest: `sha256:${"b".repeat(64)}` },
    runtime: "runc",
    tier: "container",
    host: { kernel: "6.12.0", engine: "Docker 27.5.1", runtime: "runc 1.2.8" },
    controls: Object.fromEntries(controlNames.map((name) => [name, true])) as Proof["controls"],
    summary: summaryOf(attempts),
    total: attempts.length,
    underWay: [],
    skipped: [],
    attempts,
    error: null,
    ms: 2000,
    ...change,
  };
};
