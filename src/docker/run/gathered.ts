/** What has arrived of a run so far; whoever gives up on the run can still use it. */
import type { Evidence } from "../../domain/outcome.ts";
import type { Limits } from "../../domain/policy.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { RunEvent, RunReport } from "../../engine/ports/runtime.ts";
import type { RunFrame } from "../link/event-number.ts";
import { fromLauncher } from "../link/frames.ts";
import { ByteLog } from "./byte-log.ts";
import { type LauncherEvidence, launcherEvidenceSchema, type NameDenied } from "./launcher-evidence.ts";
import { type Refusal, toRefusal } from "./refusal.ts";
import { RunResults } from "./run-results.ts";

interface Expected {
  limits: Limits;
  nameDenied: NameDenied;
}

export class Gathered {
  readonly #nameDenied: NameDenied;
  readonly #maxOutputBytes: number;
  readonly #onEvent: (event: RunEvent) => void;
  readonly #stdout = new ByteLog();
  readonly #stderr = new ByteLog();
  readonly #results: RunResults;
  readonly #over = Promise.withResolvers<void>();
  #outputLeft: number;
  #stopped = false;
  started = false;
  evidence: Evidence | undefined;
  /** Why the run could not begin, where it couldn't. */
  refusal: Refusal | undefined;

  constructor({ limits, nameDenied }: Expected, clock: Clock, onEvent: (event: RunEvent) => void = () => {}) {
    this.#nameDenied = nameDenied;
    this.#maxOutputBytes = limits.outputBytes;
    this.#outputLeft = limits.outputBytes;
    this.#onEvent = onEvent;
    this.#results = new RunResults(limits.resultBytes, clock, (result) =>
      onEvent({ type: "result", result }),
    );
  }

  /** Resolves when the launcher has said its last word on the run. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Throws when the sandbox sends what no sound launcher sends. */
  add({ type, payload }: RunFrame): void {
    if (this.#stopped) return;
    if (type === fromLauncher.refused) this.#refuse(payload);
    else if (type === fromLauncher.exit)
      this.#end(launcherEvidenceSchema.parse(JSON.parse(payload.toString())));
    else if (type === fromLauncher.started) this.#start();
    else if (!this.started) throw new Error(`event type ${type} before the start`);
    else if (type === fromLauncher.stdout) this.#addOutput("stdout", this.#stdout, payload);
    else if (type === fromLauncher.stderr) this.#addOutput("stderr", this.#stderr, payload);
    else if (type === fromLauncher.value) this.#results.begin(payload);
    else this.#results.add(payload);
  }

  /** Nobody waits any more: what comes after this is dropped, and nobody is told. */
  stop(): void {
    this.#stopped = true;
    this.#results.stop();
  }

  report(): Pick<RunReport, "stdout" | "stderr" | "results"> {
    return { stdout: this.#stdout.all(), stderr: this.#stderr.all(), results: this.#results.all() };
  }

  #start(): void {
    if (this.started) throw new Error("a run that started twice");
    this.started = true;
    this.#onEvent({ type: "started" });
  }

  #refuse(payload: Buffer): void {
    if (this.started) throw new Error("a run was refused that had started");
    this.refusal = toRefusal(payload);
    this.#over.resolve();
  }

  #end(evidence: LauncherEvidence): void {
    this.#results.end();
    this.evidence = { ...evidence, denied: this.#nameDenied(evidence.denied) };
    this.#over.resolve();
  }

  #addOutput(type: "stdout" | "stderr", log: ByteLog, data: Buffer): void {
    this.#outputLeft -= data.length;
    if (this.#outputLeft < 0) throw new Error(`more output than ${this.#maxOutputBytes} bytes`);
    log.add(data);
    this.#onEvent({ type, data });
  }
}
