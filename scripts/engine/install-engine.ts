import { installCommands } from "./engine-plan.ts";
import type { Log } from "./engine-settings.ts";
import { asRoot, formatCommand } from "./privilege.ts";
import { runStep } from "./run-step.ts";

/** Unattended upgrades of a fresh machine hold dpkg's lock for minutes: wait for it instead of failing. */
const aptOptions = ["-o", "DPkg::Lock::Timeout=300"];
/** `env`, because sudo does not hand our environment on. */
const quietApt = ["env", "DEBIAN_FRONTEND=noninteractive"] as const;

export async function installEngine(packages: readonly string[], log: Log): Promise<void> {
  const [update, install] = installCommands(packages).map((command) => command.split(" "));
  if (update === undefined || install === undefined) throw new Error("no install commands");
  log("no Docker Engine on this machine. Installing the distribution's own (--no-install refuses this):");
  log(`  ${formatCommand(asRoot(["apt-get", ...update.slice(1)]))}`);
  log(`  ${formatCommand(asRoot(["apt-get", ...install.slice(1)]))}`);

  const updated = await runStep([...quietApt, ...update, ...aptOptions], log);
  // One dead third-party source fails the update, but not the package lists of Debian or Ubuntu: try all the same.
  if (!updated.ok)
    log(`apt-get update reported a problem after ${updated.seconds} s; installing all the same`);
  const installed = await runStep([...quietApt, ...install, ...aptOptions], log);
  if (!installed.ok) {
    throw new Error([...(updated.ok ? [] : [updated.output]), installed.output].join("\n"));
  }
  log(`installed ${packages.join(", ")} in ${updated.seconds + installed.seconds} s`);
}
