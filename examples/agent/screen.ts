/** What a person sees of the agent: its thoughts, its code, and output at the moment it arrives. */
import { styleText } from "node:util";

const rule = "─".repeat(78);

export class Screen {
  readonly #output: NodeJS.WritableStream;
  readonly #startedAt = performance.now();
  #atLineStart = true;

  constructor(output: NodeJS.WritableStream = process.stdout) {
    this.#output = output;
  }

  thought(text: string): void {
    this.#line("");
    this.#line(styleText("dim", `${rule} ${this.#seconds()} s`));
    this.#line(`${styleText(["bold", "cyan"], "agent thinks")}  ${text}`);
  }

  code(source: string): void {
    for (const line of source.split("\n")) this.#line(`  ${styleText("yellow", ">>>")} ${line}`);
  }

  /** As it comes: half lines too. */
  stream(stream: "stdout" | "stderr", text: string): void {
    for (const part of text.split(/(?<=\n)/)) {
      const shown = stream === "stderr" ? styleText("red", part.replace(/\n$/, "")) : part.replace(/\n$/, "");
      this.#output.write(`${this.#atLineStart ? "  │ " : ""}${shown}${part.endsWith("\n") ? "\n" : ""}`);
      this.#atLineStart = part.endsWith("\n");
    }
  }

  result(text: string): void {
    for (const line of text.split("\n")) this.#line(`  ${styleText("green", "=")} ${line}`);
  }

  did(text: string): void {
    this.#line(`  ${styleText("blue", "→")} ${text}`);
  }

  checked(text: string): void {
    this.#line(`  ${styleText(["bold", "green"], "✓")} ${text}`);
  }

  #line(text: string): void {
    if (!this.#atLineStart) this.#output.write("\n");
    this.#atLineStart = true;
    this.#output.write(`${text}\n`);
  }

  #seconds(): string {
    return ((performance.now() - this.#startedAt) / 1000).toFixed(1);
  }
}
