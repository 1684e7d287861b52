/** A Debian base made on this machine with mmdebstrap, where no registry is reachable. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { readBuildEvents } from "./build-events.ts";
import { commandAsRoot, installHostPackages } from "./host-packages.ts";
import { cacheFolder } from "./paths.ts";
import { type Log, withProgress } from "./progress.ts";
import { commandWorks, runCommand } from "./run-command.ts";

// Documentation is never unpacked; what else a sandbox does not need, the image's own Dockerfile leaves out.
const recipe = [
  "--variant=minbase",
  "--include=python3",
  "--dpkgopt=path-exclude=/usr/share/man/*",
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "trixie",
];

const repository = "cloche/debian-base";
const tag = createHash("sha256").update(recipe.join("\n")).digest("hex").slice(0, 12);

/** The name of the base on the engine; built first when it is not there. */
export async function ensureDebianBase(
  docker: Docker,
  options: { log: Log; allowInstall: boolean },
): Promise<string> {
  const reference = `${repository}:${tag}`;
  const present = await docker.listImages({ filters: { reference: [reference] } });
  if (present.length > 0) return reference;

  if (!(await commandWorks(["mmdebstrap", "--version"]))) {
    const purpose = "building the Debian base without a registry";
    await installHostPackages(["mmdebstrap", "debian-archive-keyring"], { ...options, purpose });
  }
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, "base-"));
  try {
    const archive = join(folder, "base.tar");
    const [suite, ...flags] = recipe.toReversed();
    const step = "building the Debian base with mmdebstrap";
    const command = commandAsRoot(["mmdebstrap", ...flags, suite ?? "", archive], step);
    await withProgress(options.log, `${step} (about 20 s)`, () => runCommand(command, step));
    const events = await docker.importImage(createReadStream(archive), { repo: repository, tag });
    await readBuildEvents(events, () => undefined);
    return reference;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
