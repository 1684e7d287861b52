/** Tells a finished execution again, event by event, exactly as its live stream did. */
import type { ExecutionHead, PendingExecution } from "../../domain/execution.ts";
import type { ExecutionEvent, ExecutionEventType } from "../../domain/execution-event.ts";
import { pieceData } from "./feed.ts";
import { LEFT_OUT, NOT_KEPT } from "./keeping.ts";
import type { StoredRecord } from "./stored-record.ts";

export function* replay(record: StoredRecord, after: number): Generator<ExecutionEvent> {
  const { parts } = record;
  if ("error" in parts) {
    // What came before its end was not kept: whoever has it or not, this is what is left to tell.
    yield { id: after + 1, type: "error", data: parts.error };
    return;
  }
  let id = 0;
  const event = (type: ExecutionEventType, data: () => ExecutionEvent["data"]): ExecutionEvent[] => {
    id += 1;
    return id > after ? [{ id, type, data: data() }] : [];
  };
  const rest = { o: parts.stdout, e: parts.stderr };
  const results = parts.results.values();
  for (const code of parts.codes) {
    if (code === LEFT_OUT) continue;
    if (code.startsWith("s")) {
      const started = toStarted(parts.head, Number(code.slice(1)));
      yield* event("started", () => JSON.stringify({ execution: started }));
      continue;
    }
    if (code === NOT_KEPT) {
      id += 1;
      continue;
    }
    if (code === "r") {
      const { value = Buffer.from("null") } = results.next();
      yield* event("result", () => value);
      continue;
    }
    const letter = code.charAt(0).toLowerCase() === "o" ? "o" : "e";
    const length = Number(code.slice(1));
    const bytes = rest[letter].subarray(0, length);
    rest[letter] = rest[letter].subarray(length);
    const text = code.charAt(0) === letter;
    yield* event(letter === "o" ? "stdout" : "stderr", () => pieceData({ bytes, text }));
  }
  for (const file of parts.files) yield* event("file", () => file);
  yield* event("finished", () => record.finished);
}

/** The execution as it was when it began. */
const toStarted = ({ session, ...head }: ExecutionHead, interpreter: number): PendingExecution => ({
  ...head,
  ...(session ? { session: { ...session, interpreter, stateLost: false } } : {}),
  status: "running",
});
