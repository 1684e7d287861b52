import { openRecord } from "../integrity/audit-record.ts";
import { lastLineOf, type Segment } from "./folder.ts";

/** The last of the segments whose records are all older; undefined where none is. */
export const agedSegments = (
  segments: readonly Segment[],
  olderThan: number,
): { segment: number; through: number; hash: string } | undefined => {
  let aged: { segment: number; through: number; hash: string } | undefined;
  for (const { path, number } of segments) {
    const last = openRecord(lastLineOf(path) ?? "");
    if (typeof last === "string" || Date.parse(last.time) >= olderThan) break;
    aged = { segment: number, through: last.seq, hash: last.hash };
  }
  return aged;
};
