import type { PendingExecution } from "../../domain/execution.ts";
import type { ExecutionEvent, ExecutionEventType } from "../../domain/execution-event.ts";
import type { OutputFile } from "../../domain/observation.ts";
import type { RunResult } from "../ports/runtime.ts";
import type { StoredExecution, Timeline } from "../ports/stores.ts";
import { resultData } from "./result-forms.ts";
import { finishedData } from "./stored-record.ts";
import { type Piece, TextPieces } from "./text-pieces.ts";

type Entry =
  | { type: ExecutionEventType; data: ExecutionEvent["data"] }
  | { type: "stdout" | "stderr"; piece: Piece };

/**
 * Everything that one execution has told so far, for any number of readers, each at its own speed. What is
 * kept is bounded by the run's own limits and doesn't depend on the readers; output is made JSON when it is read.
 */
export class ExecutionFeed {
  readonly #entries: Entry[] = [];
  readonly #pieces = { stdout: new TextPieces(), stderr: new TextPieces() };
  /** One code for each event before the files: what replay.ts can't see in the execution itself. */
  readonly #timeline: string[] = [];
  #ended = false;
  #cut = false;
  readonly #readers = new Set<() => void>();

  /** The last event is there. */
  get ended(): boolean {
    return this.#ended;
  }

  started(execution: PendingExecution): void {
    this.#timeline.push(`s${execution.session?.interpreter ?? 0}`);
    this.#add({ type: "started", data: JSON.stringify({ execution }) });
  }

  output(type: "stdout" | "stderr", data: Buffer): void {
    const piece = this.#pieces[type].push(data);
    if (piece) this.#addPiece(type, piece);
  }

  result(result: RunResult): void {
    this.#timeline.push("r");
    this.#add({ type: "result", data: Buffer.from(resultData(result)) });
  }

  /** The run is over: what was held back comes out, and the timeline is complete. */
  complete(files: OutputFile[]): Timeline {
    for (const type of ["stdout", "stderr"] as const) {
      const piece = this.#pieces[type].end();
      if (piece) this.#addPiece(type, piece);
    }
    for (const { path, bytes } of files) this.#add({ type: "file", data: JSON.stringify({ path, bytes }) });
    return this.#timeline.join(" ") as Timeline;
  }

  finished(stored: StoredExecution): void {
    this.#end({ type: "finished", data: finishedData(stored) });
  }

  failed(faultJson: string): void {
    this.#end({ type: "error", data: faultJson });
  }

  /** Nothing more comes from here, though it is not the end. */
  cut(): void {
    this.#cut = true;
    this.#wakeAll();
  }

  /**
   * Yields the events after the given one, then those that come, until the last. Ends early, without a last
   * event, when the signal is aborted or the feed is cut.
   */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<ExecutionEvent> {
    for (let next = after; !signal.aborted; next += 1) {
      while (next >= this.#entries.length) {
        if (this.#ended || this.#cut || signal.aborted) return;
        await this.#change(signal);
      }
      const entry = this.#entries[next];
      if (entry) yield { id: next + 1, type: entry.type, data: dataOf(entry) };
    }
  }

  #addPiece(type: "stdout" | "stderr", piece: Piece): void {
    const letter = type === "stdout" ? "o" : "e";
    this.#timeline.push(`${piece.text ? letter : letter.toUpperCase()}${piece.bytes.length}`);
    this.#add({ type, piece });
  }

  #end(entry: Entry): void {
    this.#ended = true;
    this.#add(entry);
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#readers) wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#readers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#readers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

const dataOf = (entry: Entry): ExecutionEvent["data"] =>
  "piece" in entry ? pieceData(entry.piece) : entry.data;

export const pieceData = ({ bytes, text }: Piece): string =>
  JSON.stringify(text ? { text: bytes.toString() } : { base64: bytes.toString("base64") });
