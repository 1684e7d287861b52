/**
 * The floor: a bare interpreter of this host. What `python3` names may be a version manager's shell
 * script, ten times slower than any interpreter, so the programs behind the names are asked and the fastest
 * one is taken: the floor is never higher than it has to be.
 */
import { spawn } from "node:child_process";
import { percentile } from "../scripts/report/percentile.ts";
import { stopwatch } from "./stopwatch.ts";

export interface Interpreter {
  path: string;
  version: string;
}

const candidates = ["python3", "/usr/bin/python3", "/usr/local/bin/python3"];
const trials = 5;
const printOne = ["-I", "-c", "print(1)"];
const askSelf = "import platform, sys; print(sys.executable); print(platform.python_version())";

/** Returns undefined where the host has no Python 3. */
export async function findFastestInterpreter(): Promise<Interpreter | undefined> {
  const found = new Map<string, Interpreter>();
  for (const name of candidates) {
    const [path, version] = (await tryRun(name, ["-c", askSelf])).split("\n");
    if (path && version) found.set(path, { path, version });
  }
  const timed = [];
  for (const interpreter of found.values()) timed.push({ interpreter, ms: await timeTrials(interpreter) });
  return timed.sort((a, b) => a.ms - b.ms)[0]?.interpreter;
}

/** Milliseconds from the spawn to the last byte of `1` and the end of the process. */
export async function timeBarePython({ path }: Interpreter): Promise<number> {
  const elapsed = stopwatch();
  const output = await run(path, printOne);
  const ms = elapsed();
  if (output !== "1\n") throw new Error(`${path} printed ${JSON.stringify(output)}, not 1`);
  return ms;
}

async function timeTrials(interpreter: Interpreter): Promise<number> {
  const samples: number[] = [];
  for (let trial = 0; trial < trials; trial += 1) samples.push(await timeBarePython(interpreter));
  return percentile(samples, 50);
}

const tryRun = (program: string, args: string[]) => run(program, args).catch(() => "");

function run(program: string, args: string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}
