/** Debian packages that the builder needs on the host, installed only with the caller's permission. */
import { asRoot, type CommandLine, canSudo, isRoot } from "../engine/privilege.ts";
import { type Log, withProgress } from "./progress.ts";
import { commandWorks, runCommand } from "./run-command.ts";

/** The command as root. Throws, naming the step, where this user can't become root without a password. */
export function commandAsRoot(command: CommandLine, step: string): CommandLine {
  if (isRoot() || canSudo()) return asRoot(command);
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
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300"] as const;
  const install = commandAsRoot([...apt, "install", "--yes", "--no-install-recommends", ...packages], step);
  await withProgress(options.log, `${options.purpose}: ${step}`, async () => {
    // A machine that was never updated has no package lists; an old list may name files that are gone.
    await runCommand(commandAsRoot([...apt, "update"], step), "apt-get update").catch(() => undefined);
    await runCommand(install, step);
  });
}
