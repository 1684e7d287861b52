/** Events held against the schema of OCSF 1.8.0, as a package of the Python package index has it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Log } from "../images/progress.ts";
import { installPythonPackages, pythonEnvironment } from "../python-packages.ts";

const here = import.meta.dirname;

/** For each event what is wrong with it. Rejects when the packages can't be had. */
export async function checkOcsf(events: readonly object[], log: Log): Promise<string[][]> {
  const packages = await installPythonPackages({
    name: "ocsf",
    requirements: join(here, "requirements.txt"),
    locked: true,
    log,
    allowInstall: true,
  });
  const child = spawn("python3", [join(here, "check.py")], {
    env: { ...process.env, ...pythonEnvironment(packages) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const lines = (await text(child.stdout)).trim().split("\n");
  if (lines.length !== events.length) throw new Error("not every event was checked");
  return lines.map((line) => JSON.parse(line));
}
