/** Programs from the Python package index that scripts and benches use, each in a folder of its own below the cache. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "./images/paths.ts";
import { type Log, withProgress } from "./images/progress.ts";
import { runCommand } from "./images/run-command.ts";
import { findPip } from "./images/wheels.ts";

export interface PythonPackages {
  /** Names the folder and the messages. */
  name: string;
  requirements: string;
  /** Whether every package is named in the requirements, with its hashes. */
  locked: boolean;
  log: Log;
  /** Whether pip may be installed where it is missing. */
  allowInstall: boolean;
}

const describeInterpreter =
  "import platform, sys; print(sys.implementation.cache_tag, platform.machine(), sep='-')";

/**
 * The folder to put on PYTHONPATH; downloaded once for each interpreter and each version of the requirements. No
 * virtual environment: making one needs a Debian package more than this does.
 */
export async function installPythonPackages(packages: PythonPackages): Promise<string> {
  const { name, requirements, locked, log } = packages;
  const pip = await findPip(packages);
  const interpreter = (await runCommand(["python3", "-c", describeInterpreter], "asking python3")).trim();
  const digest = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex");
  const folder = join(cacheFolder, "python", `${name}-${digest.slice(0, 12)}-${interpreter}`);
  if (existsSync(folder)) return folder;

  // Beside its place and moved there whole, so that what is there is complete.
  await mkdir(dirname(folder), { recursive: true });
  const target = await mkdtemp(join(dirname(folder), "download-"));
  const flags = ["--only-binary=:all:", "--quiet", "--target", target, "--requirement", requirements];
  const install = [...pip, "install", ...flags, ...(locked ? ["--require-hashes", "--no-deps"] : [])];
  try {
    await withProgress(log, `${name}: downloading with pip`, () =>
      runCommand(install, `downloading ${name}`),
    );
    await rename(target, folder);
  } finally {
    await rm(target, { recursive: true, force: true });
  }
  return folder;
}

/** What an interpreter needs in its environment to use the folders, and nothing of the user's own packages. */
export const pythonEnvironment = (...folders: string[]): Record<string, string> => ({
  PYTHONPATH: folders.join(":"),
  PYTHONNOUSERSITE: "1",
  PYTHONDONTWRITEBYTECODE: "1",
});
