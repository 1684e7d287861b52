/** A worker of its own with a connection of its own that claims keys as fast as it can. */
import { parentPort, workerData } from "node:worker_threads";
import { ServiceError } from "../../../src/domain/errors.ts";
import { SqliteStore } from "../../../src/store/sqlite-store.ts";

const { file, ref, keys }: { file: string; ref: string; keys: string[] } = workerData;

const store = new SqliteStore({ file, synchronous: "NORMAL", maxBytes: 1, clock: { now: () => 0 } });
parentPort?.postMessage("ready");
parentPort?.once("message", () => {
  const answers = keys.map((key) => {
    try {
      return store.idempotency.claim({ tenant: "t", scope: "s", key, bodyHash: "h", ref });
    } catch (error) {
      // Held up too long by the other: it took nothing.
      if (error instanceof ServiceError && error.code === "store_unavailable") return undefined;
      throw error;
    }
  });
  store.close();
  parentPort?.postMessage(answers);
});
