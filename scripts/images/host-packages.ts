/** Debian packages that the builder needs on the host, installed only with the caller's permission. */
import { type Log, withProgress } from "./progress.ts";
import { commandWorks, runCommand } from "./run-command.ts";

/** The command as root: itself when already root, else through sudo without asking for a password. */
export async function asRoot(command: readonly string[], step: string): Promise<string[]> {
  if (process.getuid?.() === 0) return [...command];
  if (await commandWorks(["sudo", "-n", "true"])) return ["sudo", "-n", ...command];
  throw new Error(`${step} needs root: run it as root, or let this user use sudo without a password`);
}

/** Installs packages with apt. Throws, naming them, where that is not allowed or there is no apt. */
export async function installHostPackages(
  packages: readonly string[],
  options: { purpose: string; log: Log; allowInstall: boolean },
): Promise<void> {
  const list = packages.join(" ");
  const needed = `${options.purpose} needs the Debian packages ${list}, which are not installed`;
  if (!(await commandWorks(["apt-get", "--version"]))) {
    throw new Error(`${needed}, and this host has no apt-get to install them with`);
  }
  if (!options.allowInstall) throw new Error(`${needed}; install them, or leave out --no-install`);

  const step = `installing ${list}`;
  // Another install may hold the lock of the package manager just now.
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"];
  const install = await asRoot([...apt, "install", "--yes", "--no-install-recommends", ...packages], step);
  await withProgress(options.log, `${options.purpose}: ${step}`, async () => {
    // A machine that was never updated has no package lists; an old list may name files that are gone.
    await runCommand(await asRoot([...apt, "update"], step), "apt-get update").catch(() => undefined);
    await runCommand(install, step);
  });
}
