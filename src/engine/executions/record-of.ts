/** What of a stored execution has to be known without reading its output. */
import type { ExecutionRecord } from "../../domain/execution.ts";
import type { StoredExecution } from "../ports/stores.ts";

/** Whatever has not finished has no output, so it is smaller than this. */
const SMALL = 16_384;

/** undefined for one that is large: that has finished, and is not parsed for this. */
export const smallRecordOf = (stored: StoredExecution): ExecutionRecord | undefined =>
  stored.length > SMALL ? undefined : JSON.parse(stored);

export const statusOf = (stored: StoredExecution): ExecutionRecord["status"] =>
  smallRecordOf(stored)?.status ?? "finished";
