import { sealRecord } from "../../src/integrity/audit-record.ts";

/** Makes every hash of an audit log's lines from one on right again, as anybody can. */
export const rechained = (lines: string[], from: number): string[] => {
  const out = lines.slice(0, from);
  for (const line of lines.slice(from)) {
    const { hash: _, ...record } = JSON.parse(line);
    const before = out.at(-1);
    const { hash } = before === undefined ? { hash: record.prev } : JSON.parse(before);
    out.push(sealRecord({ ...record, seq: out.length + 1, prev: hash }).line);
  }
  return out;
};
