/**
 * A process whose files can't grow past a bound writes of each kind until the store refuses, and tells on stdout
 * what was acknowledged and what was refused with.
 */
import { ServiceError } from "../../../src/domain/errors.ts";
import { SqliteStore } from "../../../src/store/sqlite-store.ts";
import { aHead, aReceipt, aSession, aTimeline, finished } from "./records.ts";

// Without it the kernel ends the process instead of refusing the write.
process.on("SIGXFSZ", () => {});

const [file = ""] = process.argv.slice(2);
const store = new SqliteStore({ file, synchronous: "NORMAL", maxBytes: 1e9, clock: { now: () => 0 } });
const padding = "x".repeat(2000);

const writes: Record<string, (id: string) => void> = {
  executions: (id) => {
    store.executions.begin("t", aHead(id), "{}");
    store.executions.finish("t", finished(aHead(id), { stdout: padding }), aTimeline(), aReceipt());
  },
  sessions: (id) =>
    store.sessions.save({
      session: aSession(id, { metadata: { padding } }),
      containerId: null,
      env: {},
      facts: null,
    }),
  claims: (id) =>
    void store.idempotency.claim({ tenant: "t", scope: "s", key: id, bodyHash: padding, ref: id }),
  usage: (id) => store.tenants.addUsage(id, "2026-11-23", { cpuMs: 1, bytes: 1 }),
};

const told = Object.entries(writes).map(([kind, write]) => ({
  kind,
  write,
  acknowledged: [] as string[],
  refusal: undefined as string | undefined,
}));
// In turns, so that there is much of each before there is no more room. What is never refused ends too.
for (let turn = 0; turn < 5000 && told.some(({ refusal }) => refusal === undefined); turn += 1) {
  for (const each of told.filter(({ refusal }) => refusal === undefined)) {
    const id = `${each.kind}_${each.acknowledged.length}`;
    try {
      each.write(id);
      each.acknowledged.push(id);
    } catch (error) {
      each.refusal = error instanceof ServiceError ? error.code : String(error);
    }
  }
}
process.stdout.write(
  JSON.stringify(
    Object.fromEntries(told.map(({ kind, acknowledged, refusal }) => [kind, { acknowledged, refusal }])),
  ),
);
