/** The floor of a step: an interpreter that stays, code in over a pipe and output back, and nothing else. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Interpreter } from "../interpreters.ts";

/** One line of JSON each way; the namespace lives on. */
const loop = `
import contextlib, io, json, sys
space = {}
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(json.loads(line), space)
    sys.stdout.write(json.dumps(out.getvalue()) + "\\n")
    sys.stdout.flush()
`;

export class PipeInterpreter {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #answer: ((line: string) => void) | undefined;

  constructor({ path }: Interpreter) {
    this.#child = spawn(path, ["-I", "-c", loop], { stdio: ["pipe", "pipe", "ignore"] });
    let text = "";
    this.#child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end < 0) return;
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      this.#answer?.(line);
    });
  }

  /** Returns what the code printed. */
  async step(code: string): Promise<string> {
    const line = new Promise<string>((resolve) => {
      this.#answer = resolve;
    });
    this.#child.stdin.write(`${JSON.stringify(code)}\n`);
    return String(JSON.parse(await line));
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}
