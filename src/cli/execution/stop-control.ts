/**
 * Ctrl-C while something runs on the service. The first one asks the service to stop it, and the stream then tells how it
 * ended; the next one asks harder where there is a harder way; the last one leaves at once.
 */
import type { Api } from "../api/client.ts";
import { route } from "../api/route.ts";
import type { Context, StopSignal } from "../context.ts";
import { exitCodes, ProblemError, reasonOf } from "../errors.ts";
import { escapeText } from "../terminal/escape.ts";
import { exitCodeOfSignal } from "./exit-code.ts";

export type StopVerb = "interrupt" | "cancel";

export class StopControl implements Disposable {
  /** The first signal that came. */
  signal: StopSignal | undefined;
  readonly #verbs: StopVerb[];
  readonly #api: Api;
  readonly #listening: Disposable;
  readonly #leave = new AbortController();
  readonly #say: (text: string) => void;
  #waiting = 0;
  #failed = false;
  #id: string | undefined;
  #grace: NodeJS.Timeout | undefined;

  /** `verbs`: what each Ctrl-C does, in order. */
  constructor(context: Pick<Context, "onStop" | "err">, api: Api, verbs: StopVerb[]) {
    this.#api = api;
    this.#verbs = [...verbs];
    this.#say = (text) => void context.err.note(`cloche: ${text}`).catch(() => {});
    this.#listening = context.onStop((signal) => this.#stop(signal));
  }

  /** Aborted when nothing is to be waited for any more. */
  get left(): AbortSignal {
    return this.#leave.signal;
  }

  /** undefined where nobody asked to stop. */
  get exitCode(): number | undefined {
    if (this.#failed) return exitCodes.fault;
    return this.signal === undefined ? undefined : (exitCodeOfSignal(this.signal) ?? exitCodes.cancelled);
  }

  /** What is to be stopped, once the service has given it an id; a stop that came before is sent then. */
  async setId(id: string): Promise<void> {
    this.#id = id;
    while (this.#waiting > 0) {
      this.#waiting -= 1;
      await this.#send();
    }
  }

  /** Cancels without having been asked: nobody reads the output any more. */
  async cancel(): Promise<void> {
    this.#verbs.splice(0, this.#verbs.length, "cancel");
    if (this.#id !== undefined) await this.#send();
  }

  /** What can't go on as it was meant to is cancelled, and is a fault. */
  async fail(text: string): Promise<void> {
    this.#failed = true;
    this.#say(text);
    await this.cancel();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    clearTimeout(this.#grace);
  }

  #stop(signal: StopSignal): void {
    this.signal ??= signal;
    this.#grace ??= setTimeout(() => {
      this.#say("the service does not say that it stopped");
      this.#leave.abort();
    }, this.#api.times.graceMs);
    if (this.#verbs.length <= this.#waiting) this.#leave.abort();
    else if (this.#id === undefined) this.#waiting += 1;
    else void this.#send();
  }

  /** Never throws: the stream tells what became of it. */
  async #send(): Promise<void> {
    const verb = this.#verbs.shift();
    if (verb === undefined || this.#id === undefined) return;
    const id = this.#id;
    const path =
      verb === "cancel" ? route`/v1/executions/${id}/cancel` : route`/v1/executions/${id}/interrupt`;
    try {
      await this.#api.post(path);
    } catch (error) {
      // A run that waits for its turn can't be interrupted.
      if (this.#verbs.length > 0) await this.#send();
      else if (!isOver(error)) this.#say(`it could not be stopped: ${escapeText(reasonOf(error))}`);
    }
  }
}

/** It ended by itself in the meantime. */
const isOver = (error: unknown) => error instanceof ProblemError && error.problem.code === "conflict";
