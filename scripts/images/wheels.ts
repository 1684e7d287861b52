/** Fetches an image's Python packages on the host, so that nothing inside a build needs a network. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { installHostPackages } from "./host-packages.ts";
import { cacheFolder } from "./paths.ts";
import { type Log, withProgress } from "./progress.ts";
import { commandWorks, runCommand } from "./run-command.ts";

/** What the images run; assemble_rootfs.py refuses a base with another version. */
const python = "3.13";
const newestGlibcMinor = 41;
const oldestGlibcMinor = 17;

export const architectures = ["x86_64", "aarch64"] as const;
export type Architecture = (typeof architectures)[number];

/** pip's description of the sandbox: it must not take wheels for the host's own Python. */
export function targetFlags(architecture: Architecture): string[] {
  const minors = Array.from(
    { length: newestGlibcMinor - oldestGlibcMinor + 1 },
    (_, i) => newestGlibcMinor - i,
  );
  const platforms = [...minors.map((minor) => `manylinux_2_${minor}`), "manylinux2014"];
  const abi = `cp${python.replace(".", "")}`;
  return [
    "--only-binary=:all:",
    `--python-version=${python}`,
    "--implementation=cp",
    ...[abi, "abi3", "none"].map((tag) => `--abi=${tag}`),
    ...platforms.map((platform) => `--platform=${platform}_${architecture}`),
  ];
}

/** The command that runs pip on this host; installed first where that is allowed. */
export async function findPip(options: { log: Log; allowInstall: boolean }): Promise<string[]> {
  const pip = ["python3", "-m", "pip", "--disable-pip-version-check", "--no-input"];
  if (!(await commandWorks([...pip, "--version"]))) {
    await installHostPackages(["python3-pip"], {
      ...options,
      purpose: "fetching Python packages for the images",
    });
  }
  return pip;
}

/** Unpacks the pinned packages into a folder, from the cache alone when everything is in it. */
export async function unpackPackages(options: {
  requirements: string;
  architecture: Architecture;
  into: string;
  label: string;
  log: Log;
  allowInstall: boolean;
}): Promise<void> {
  const { requirements, architecture, into, label, log } = options;
  if (!existsSync(requirements)) return;
  const pip = await findPip(options);
  const wheels = join(cacheFolder, "wheels");
  await mkdir(wheels, { recursive: true });
  const pinned = [
    "--require-hashes",
    "--no-deps",
    "--requirement",
    requirements,
    ...targetFlags(architecture),
  ];

  const unpack = () => {
    const fromCache = ["install", "--no-index", "--find-links", wheels, "--no-compile", "--target", into];
    return runCommand([...pip, ...fromCache, ...pinned], `${label}: unpacking packages`);
  };
  const inCache = await withProgress(log, `${label}: unpacking packages`, unpack).then(
    () => true,
    () => false,
  );
  if (inCache) return;

  const download = ["download", "--dest", wheels, ...pinned];
  await withProgress(log, `${label}: downloading packages`, () =>
    runCommand([...pip, ...download], `${label}: downloading packages`),
  );
  await withProgress(log, `${label}: unpacking packages`, unpack);
}
