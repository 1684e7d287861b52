/** A stored execution as bytes, and taken apart for replay: each made once, for all who read it. */
import type { Execution, ExecutionHead, FailedExecution } from "../../domain/execution.ts";
import type { StoredExecution, Timeline } from "../ports/stores.ts";

const BEFORE = '{"execution":';
const AFTER = "}";

/** The data of a `finished` event. */
export const finishedData = (stored: StoredExecution): Buffer => Buffer.from(`${BEFORE}${stored}${AFTER}`);

export interface Told {
  head: ExecutionHead;
  /** One for each event before the files. */
  codes: string[];
  stdout: Buffer;
  stderr: Buffer;
  /** Data of events. */
  results: Buffer[];
  files: string[];
}

export class StoredRecord {
  readonly finished: Buffer;
  readonly #timeline: Timeline | undefined;
  #parts: Told | { error: string } | undefined;

  constructor(stored: StoredExecution, timeline: Timeline | undefined) {
    this.finished = finishedData(stored);
    this.#timeline = timeline;
  }

  /** As it is stored; of the same memory as `finished`. */
  get json(): Buffer {
    return this.finished.subarray(BEFORE.length, this.finished.length - AFTER.length);
  }

  /** What its events are made of; of a failed one, only its error. */
  get parts(): Told | { error: string } {
    this.#parts ??= this.#takeApart();
    return this.#parts;
  }

  #takeApart(): Told | { error: string } {
    const record: Execution | FailedExecution = JSON.parse(this.json.toString());
    if (record.status === "failed") return { error: JSON.stringify(record.error) };
    const { id, createdAt, action, tier, session, observation } = record;
    return {
      head: { id, createdAt, action, tier, ...(session && { session }) },
      codes: (this.#timeline ?? "").split(" ").filter(Boolean),
      stdout: bytesOf(observation.stdout, observation.stdoutBase64),
      stderr: bytesOf(observation.stderr, observation.stderrBase64),
      results: observation.results.map((result) => Buffer.from(JSON.stringify(result))),
      files: observation.outputs.files.map(({ path, bytes }) => JSON.stringify({ path, bytes })),
    };
  }
}

const bytesOf = (text: string, base64: string | undefined): Buffer =>
  base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64");
