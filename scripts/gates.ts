import { spawn } from "node:child_process";
import { repositoryRoot } from "./state-dir.ts";

export type Gate = { name: string; command: string; args: readonly string[] };

/** What has to hold without running anything of Cloche. */
export const staticGates: readonly Gate[] = [
  { name: "types", command: "tsc", args: [] },
  // Left to itself biome colours a log file as well, letter by letter.
  { name: "lint", command: "biome", args: ["ci", ...(process.stdout.isTTY ? [] : ["--colors=off"])] },
  { name: "dead code", command: "knip", args: [] },
];

/** Runs the gates one after the other, all of them, each with a line of its own. */
export async function runGates(gates: readonly Gate[]): Promise<{ passed: number; failed: number }> {
  const results: boolean[] = [];
  for (const gate of gates) {
    const startedAt = performance.now();
    const ok = await runTool(gate);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`check: ${gate.name} ${ok ? "ok" : "FAILED"} (${seconds} s)`);
    results.push(ok);
  }
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

/** scripts/run.mjs has put node_modules/.bin first in PATH, so a bare name is the locked tool on the packaged Node. */
async function runTool({ command, args }: Gate): Promise<boolean> {
  const child = spawn(command, args, { cwd: repositoryRoot, stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(false);
    });
    child.on("exit", (code) => resolve(code === 0));
  });
}
