/** Rewrites requirements.txt from requirements.in, with the hashes for every interpreter a host may have. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Log, withProgress } from "../images/progress.ts";
import { runCommand } from "../images/run-command.ts";
import { architectures, findPip } from "../images/wheels.ts";

/** From the oldest that all of the packages still support. */
const pythons = ["3.11", "3.12", "3.13", "3.14"];
const platforms = ["manylinux_2_17", "manylinux2014", "manylinux_2_28"];

const reportSchema = z.object({
  install: z.array(
    z.object({
      metadata: z.object({ name: z.string(), version: z.string() }),
      download_info: z.object({
        archive_info: z.object({ hashes: z.object({ sha256: z.string() }) }),
      }),
    }),
  ),
});

export async function lockSchemathesis(log: Log): Promise<void> {
  const pip = await findPip({ log, allowInstall: false });
  const lock = new Map<string, Set<string>>();
  for (const python of pythons) {
    for (const architecture of architectures) {
      const platform = platforms.map((name) => `--platform=${name}_${architecture}`);
      const flags = ["--quiet", "--dry-run", "--ignore-installed", "--report=-", "--only-binary=:all:"];
      const target = ["--target=unused", `--python-version=${python}`, "--implementation=cp", ...platform];
      const source = ["--requirement", join(import.meta.dirname, "requirements.in")];
      const command = [...pip, "install", ...flags, ...target, ...source];
      const report = await withProgress(log, `resolving for Python ${python}, ${architecture}`, () =>
        runCommand(command, "resolving requirements.in"),
      );
      for (const { metadata, download_info: download } of reportSchema.parse(JSON.parse(report)).install) {
        const pin = `${metadata.name.toLowerCase()}==${metadata.version}`;
        lock.set(pin, (lock.get(pin) ?? new Set()).add(download.archive_info.hashes.sha256));
      }
    }
  }
  await writeFile(join(import.meta.dirname, "requirements.txt"), format(lock));
}

const format = (lock: ReadonlyMap<string, ReadonlySet<string>>): string => {
  const lines = [...lock]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([pin, hashes]) =>
      [pin, ...[...hashes].sort().map((hash) => `    --hash=sha256:${hash}`)].join(" \\\n"),
    );
  return `# Written by "npm run schemathesis -- --lock" from requirements.in; don't edit.\n${lines.join("\n")}\n`;
};
