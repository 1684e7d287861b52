// What to do about the Docker Engine, decided from observed facts alone, so that every case is a row in a table test.

/** What a `GET /_ping` on one address told. */
export type ProbeResult =
  | { state: "answers"; dockerHost: string }
  | { state: "denied"; dockerHost: string }
  | { state: "silent"; dockerHost: string; reason: string };

export type EngineFacts = {
  dockerHostEnv: string | undefined;
  /** With DOCKER_HOST set the one probe of it, otherwise one for each usual socket, in order of preference. */
  probes: readonly ProbeResult[];
  /** A dockerd that is alive but does not answer (yet): started a moment ago, by us or by the system. */
  runningPid: number | undefined;
  dockerdInstalled: boolean;
  /** Systemd runs this machine and knows a docker.service. */
  systemdUnit: boolean;
  /** `ID` and `ID_LIKE` of /etc/os-release. */
  osIds: readonly string[];
  isRoot: boolean;
  /** `sudo` works without asking for a password. */
  canSudo: boolean;
  allowInstall: boolean;
  /** The kernel enforces AppArmor, so dockerd needs apparmor_parser to start any container. */
  needsApparmor: boolean;
};

export type EnginePlan =
  | { action: "use"; dockerHost: string }
  | { action: "wait"; pid: number }
  | { action: "start_systemd" }
  | { action: "start_own" }
  | { action: "install_then_start"; packages: readonly string[] }
  | { action: "refuse"; reason: string };

export function planEngine(facts: EngineFacts): EnginePlan {
  const answering = facts.probes.find((probe) => probe.state === "answers");
  if (answering !== undefined) return { action: "use", dockerHost: answering.dockerHost };
  if (facts.dockerHostEnv !== undefined) return refuse(describeDeadDockerHost(facts));

  const denied = facts.probes.find((probe) => probe.state === "denied");
  if (denied !== undefined) return refuse(describeDenied(denied.dockerHost));
  if (facts.runningPid !== undefined) return { action: "wait", pid: facts.runningPid };

  const mayAct = facts.isRoot || facts.canSudo;
  if (facts.dockerdInstalled) {
    if (!mayAct) return refuse(describeNoRights("dockerd is installed but not running", startCommand(facts)));
    return facts.systemdUnit ? { action: "start_systemd" } : { action: "start_own" };
  }

  const packages = facts.needsApparmor ? ["docker.io", "apparmor"] : ["docker.io"];
  const byHand = installCommands(packages).join(" && ");
  if (!isDebianLike(facts.osIds)) return refuse(describeElsewhere(facts.osIds));
  if (!facts.allowInstall) {
    return refuse(`no Docker Engine found, and --no-install forbids installing one. By hand: ${byHand}`);
  }
  if (!mayAct) return refuse(describeNoRights("no Docker Engine found", byHand));
  return { action: "install_then_start", packages };
}

/** The exact commands an installation runs, without the `sudo -n` that a user other than root needs before them. */
export function installCommands(packages: readonly string[]): [update: string, install: string] {
  return ["apt-get update", `apt-get install -y --no-install-recommends ${packages.join(" ")}`];
}

function isDebianLike(osIds: readonly string[]): boolean {
  return osIds.includes("debian") || osIds.includes("ubuntu");
}

function startCommand(facts: EngineFacts): string {
  return facts.systemdUnit ? "systemctl start docker" : "dockerd";
}

function refuse(reason: string): EnginePlan {
  return { action: "refuse", reason };
}

function describeDeadDockerHost(facts: EngineFacts): string {
  const [probe] = facts.probes;
  const why = probe?.state === "silent" ? probe.reason : "permission denied";
  return (
    `DOCKER_HOST is ${facts.dockerHostEnv}, but no Docker Engine answers there (${why}). ` +
    "Start that engine, correct DOCKER_HOST, or unset it to let Cloche find or install one."
  );
}

function describeDenied(dockerHost: string): string {
  return (
    `a Docker Engine listens on ${dockerHost}, but this user may not use it. Either run ` +
    '`sudo usermod -aG docker "$USER"` and then, in a new login or after `newgrp docker`, this command again; ' +
    "or run this command with sudo. (Whoever may use the engine is as good as root on this machine.)"
  );
}

function describeNoRights(what: string, command: string): string {
  return (
    `${what}, and Cloche is neither root nor able to use sudo without a password. ` +
    `Run \`sudo -v\` and then this command again, or do it by hand as root: ${command}`
  );
}

function describeElsewhere(osIds: readonly string[]): string {
  return (
    `no Docker Engine found, and Cloche can install one only on Debian and Ubuntu (this is ${osIds[0] ?? "unknown"}). ` +
    "Install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install/), start it, and set DOCKER_HOST " +
    "if it does not listen on /var/run/docker.sock."
  );
}
