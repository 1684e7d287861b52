/** Values that a cell shows: VALUE tells of a form, VALUE_DATA brings its bytes; forms with the same index are one value. */
import { z } from "zod";
import type { Clock } from "../../engine/ports/clock.ts";
import type { RunResult } from "../../engine/ports/runtime.ts";

const valueSchema = z.strictObject({
  mime: z.string().min(1).max(128),
  bytes: z.int().min(0),
  index: z.int().min(0),
  truncated: z.boolean(),
});
type Value = z.infer<typeof valueSchema>;

/** Empty forms cost memory too. */
const MAX_FORMS = 4096;
/** All forms of a value are sent at once: after this long it is told of, though the run shows no further one. */
const SETTLED_MS = 100;

export class RunResults {
  readonly #clock: Clock;
  readonly #onResult: (result: RunResult) => void;
  readonly #results: RunResult[] = [];
  #left: number;
  #forms = 0;
  #index: number | undefined;
  #untold: RunResult | undefined;
  #stopTimer = () => {};
  #open: { value: Value; parts: Buffer[]; left: number } | undefined;

  constructor(maxBytes: number, clock: Clock, onResult: (result: RunResult) => void) {
    this.#left = maxBytes;
    this.#clock = clock;
    this.#onResult = onResult;
  }

  /** Throws where it is more than the run may show, or out of order. */
  begin(payload: Buffer): void {
    const value = valueSchema.parse(JSON.parse(payload.toString()));
    if (this.#open) throw new Error("a value within a value");
    this.#left -= value.bytes;
    this.#forms += 1;
    if (this.#left < 0 || this.#forms > MAX_FORMS) throw new Error("more values than the run may show");
    this.#open = { value, parts: [], left: value.bytes };
    this.#closeFull();
  }

  add(data: Buffer): void {
    const open = this.#open;
    if (!open || data.length > open.left) throw new Error("data that belongs to no value");
    open.left -= data.length;
    open.parts.push(data);
    this.#closeFull();
  }

  /** The run is over: what is cut off stays, and says so. */
  end(): void {
    if (this.#open) this.#close({ ...this.#open.value, truncated: true }, this.#open.parts);
    this.#tell();
  }

  /** Tells of nothing any more. */
  stop(): void {
    this.#stopTimer();
    this.#untold = undefined;
  }

  all(): RunResult[] {
    return this.#results;
  }

  #closeFull(): void {
    if (this.#open?.left === 0) this.#close(this.#open.value, this.#open.parts);
  }

  #close({ mime, index, truncated }: Value, parts: Buffer[]): void {
    this.#open = undefined;
    const form = { mime, data: Buffer.concat(parts), truncated };
    const last = this.#results.at(-1);
    if (last && index === this.#index) {
      last.forms.push(form);
      return;
    }
    this.#tell();
    this.#index = index;
    this.#untold = { forms: [form] };
    this.#results.push(this.#untold);
    this.#stopTimer = this.#clock.after(SETTLED_MS, () => this.#tell());
  }

  #tell(): void {
    this.#stopTimer();
    const result = this.#untold;
    this.#untold = undefined;
    if (result) this.#onResult(result);
  }
}
