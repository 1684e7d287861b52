/** Rewrites the hashed requirements.txt of images from the top-level pins in their requirements.in. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { loadImageDefinitions, withParents } from "./image-definition.ts";
import { imagesFolder } from "./paths.ts";
import { type Log, withProgress } from "./progress.ts";
import { runCommand } from "./run-command.ts";
import { architectures, findPip, targetFlags } from "./wheels.ts";

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

type Lock = Map<string, Set<string>>;

/** The pinned lines with the hashes of every architecture, in pip's format. */
export function formatLock(lock: Lock, image: string): string {
  const pins = [...lock].sort(([a], [b]) => a.localeCompare(b));
  const lines = pins.map(([pin, hashes]) =>
    [pin, ...[...hashes].sort().map((hash) => `    --hash=sha256:${hash}`)].join(" \\\n"),
  );
  return `# Written by "npm run images -- ${image} --lock" from requirements.in; don't edit.\n${lines.join("\n")}\n`;
}

async function resolve(requirements: string, pip: readonly string[], lock: Lock): Promise<void> {
  for (const architecture of architectures) {
    const flags = ["--quiet", "--dry-run", "--ignore-installed", "--report=-", "--target=unused"];
    const command = [
      ...pip,
      "install",
      ...flags,
      "--requirement",
      requirements,
      ...targetFlags(architecture),
    ];
    const report = reportSchema.parse(JSON.parse(await runCommand(command, `resolving for ${architecture}`)));
    for (const { metadata, download_info: download } of report.install) {
      const pin = `${metadata.name.toLowerCase()}==${metadata.version}`;
      lock.set(pin, (lock.get(pin) ?? new Set()).add(download.archive_info.hashes.sha256));
    }
  }
}

/** Resolves the pins of the named images for every architecture and writes their requirements.txt. */
export async function lockRequirements(options: {
  names: readonly string[] | "all";
  log: Log;
  allowInstall: boolean;
}): Promise<void> {
  const definitions = loadImageDefinitions(imagesFolder);
  const pip = await findPip(options);
  const named = options.names === "all" ? definitions : withParents(definitions, options.names);
  for (const { name, folder } of named) {
    const source = join(folder, "requirements.in");
    if (!existsSync(source)) continue;
    const lock: Lock = new Map();
    await withProgress(options.log, `image ${name}: resolving requirements.in`, () =>
      resolve(source, pip, lock),
    );
    await writeFile(join(folder, "requirements.txt"), formatLock(lock, name));
  }
}
