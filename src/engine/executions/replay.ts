/** Tells a finished execution again, event by event, exactly as its live stream did. */
import type { Execution, FailedExecution, PendingExecution } from "../../domain/execution.ts";
import type { ExecutionEvent, ExecutionEventType } from "../../domain/execution-event.ts";
import type { StoredExecution, Timeline } from "../ports/stores.ts";
import { pieceData } from "./feed.ts";

export function* replay(
  stored: StoredExecution,
  timeline: Timeline,
  after: number,
): Generator<ExecutionEvent> {
  let id = 0;
  const event = (type: ExecutionEventType, data: () => string): ExecutionEvent[] => {
    id += 1;
    return id > after ? [{ id, type, data: data() }] : [];
  };
  const execution: Execution | FailedExecution = JSON.parse(stored);
  if (execution.status === "failed") {
    // What came before its end was not kept: whoever has it or not, this is what is left to tell.
    yield { id: after + 1, type: "error", data: JSON.stringify(execution.error) };
    return;
  }
  const { observation } = execution;
  const rest = {
    o: bytesOf(observation.stdout, observation.stdoutBase64),
    e: bytesOf(observation.stderr, observation.stderrBase64),
  };
  const results = observation.results.values();
  for (const code of timeline.split(" ").filter(Boolean)) {
    if (code.startsWith("s")) {
      const started = toStarted(execution, Number(code.slice(1)));
      yield* event("started", () => JSON.stringify({ execution: started }));
      continue;
    }
    if (code === "r") {
      const { value } = results.next();
      yield* event("result", () => JSON.stringify(value));
      continue;
    }
    const letter = code.charAt(0).toLowerCase() === "o" ? "o" : "e";
    const length = Number(code.slice(1));
    const bytes = rest[letter].subarray(0, length);
    rest[letter] = rest[letter].subarray(length);
    const text = code.charAt(0) === letter;
    yield* event(letter === "o" ? "stdout" : "stderr", () => pieceData({ bytes, text }));
  }
  for (const { path, bytes } of observation.outputs.files) {
    yield* event("file", () => JSON.stringify({ path, bytes }));
  }
  yield* event("finished", () => `{"execution":${stored}}`);
}

const bytesOf = (text: string, base64: string | undefined): Buffer =>
  base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64");

/** The execution as it was when it began. */
const toStarted = (execution: Execution, interpreter: number): PendingExecution => {
  const { id, createdAt, action, tier, session } = execution;
  return {
    id,
    createdAt,
    action,
    tier,
    ...(session ? { session: { ...session, interpreter, stateLost: false } } : {}),
    status: "running",
  };
};
