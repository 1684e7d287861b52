/** One of the two streams of the program: bytes go through as they are, and a slow reader slows the writer down. */
import type { Writable } from "node:stream";
import { styleText } from "node:util";
import { BrokenPipe, SaveError } from "../errors.ts";

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

export class Output {
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  readonly #colours: boolean;
  #atLineStart = true;

  constructor(stream: Writable & { isTTY?: boolean }, colours: boolean) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.#colours = colours && this.isTerminal;
    // Failures come back from write(); without a listener they would end the program as well.
    stream.on("error", () => {});
  }

  /** Resolves when the stream has taken it. Throws BrokenPipe when nobody reads any more. */
  async write(data: string | Uint8Array): Promise<void> {
    if (data.length === 0) return;
    const last = data.at(-1);
    this.#atLineStart = last === "\n" || last === 0x0a;
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(data, (error) => (error ? reject(toError(error)) : resolve()));
    });
  }

  line(text = ""): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** A line of ours, apart from a line of the code's that was not ended. */
  async note(text: string): Promise<void> {
    await this.write(this.#atLineStart ? `${text}\n` : `\n${text}\n`);
  }

  paint(style: Style, text: string): string {
    return this.#colours ? styleText(style, text, { validateStream: false }) : text;
  }
}

const toError = (error: Error & { code?: string }): Error =>
  error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED"
    ? new BrokenPipe("nobody reads the output")
    : new SaveError(`The output cannot be written: ${error.message}`);
