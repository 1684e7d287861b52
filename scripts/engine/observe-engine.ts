import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { EngineFacts, ProbeResult } from "./engine-plan.ts";
import { type EngineSettings, engineFiles } from "./engine-settings.ts";
import { isOwnDockerd, isProgram, readCommandLineFromProc, readPidFile } from "./pid-file.ts";
import { canSudo, isRoot, sbinFolders } from "./privilege.ts";
import { probeEngine } from "./probe-engine.ts";

type Observed = { allowInstall: boolean; stateDir: string; settings: EngineSettings };

const unitFolders = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/lib/systemd/system",
  "/usr/lib/systemd/system",
];

export async function observeEngine({ allowInstall, stateDir, settings }: Observed): Promise<EngineFacts> {
  const dockerHostEnv = readDockerHost();
  const root = isRoot();
  return {
    dockerHostEnv,
    probes: await probeHosts(settings),
    runningPid: findRunningPid(stateDir, settings),
    dockerdInstalled: findDockerd() !== undefined,
    systemdUnit:
      existsSync("/run/systemd/system") &&
      unitFolders.some((folder) => existsSync(join(folder, "docker.service"))),
    osIds: readOsIds(settings.osReleaseFile),
    isRoot: root,
    canSudo: !root && canSudo(),
    allowInstall,
    needsApparmor: readText("/sys/module/apparmor/parameters/enabled").startsWith("Y"),
  };
}

/** Quick look before the full set of facts: the first engine that answers, or undefined. */
export async function findAnsweringEngine(settings: EngineSettings): Promise<string | undefined> {
  const probes = await probeHosts(settings);
  return probes.find((probe) => probe.state === "answers")?.dockerHost;
}

export function findDockerd(): string | undefined {
  const { PATH = "" } = process.env;
  const folders = [...PATH.split(delimiter), ...sbinFolders];
  return folders.map((folder) => join(folder, "dockerd")).find(isExecutable);
}

/** `ID` first, then the words of `ID_LIKE`. */
export function parseOsIds(osRelease: string): string[] {
  const readKey = (key: string) =>
    new RegExp(`^${key}=(.*)$`, "m").exec(osRelease)?.[1]?.replace(/^["']|["']$/g, "") ?? "";
  return [readKey("ID"), ...readKey("ID_LIKE").split(" ")].filter((id) => id !== "");
}

/** An empty DOCKER_HOST means unset, as it does for the docker command line. */
function readDockerHost(): string | undefined {
  const { DOCKER_HOST } = process.env;
  return DOCKER_HOST || undefined;
}

async function probeHosts(settings: EngineSettings): Promise<ProbeResult[]> {
  const dockerHost = readDockerHost();
  const hosts = dockerHost === undefined ? usualHosts(settings) : [dockerHost];
  return Promise.all(hosts.map(probeEngine));
}

function usualHosts(settings: EngineSettings): string[] {
  const { XDG_RUNTIME_DIR } = process.env;
  const rootless = XDG_RUNTIME_DIR ? [join(XDG_RUNTIME_DIR, "docker.sock")] : [];
  return [settings.socketPath, ...rootless].map((socket) => `unix://${socket}`);
}

function findRunningPid(stateDir: string, settings: EngineSettings): number | undefined {
  const { pidFile } = engineFiles(stateDir);
  const own = readPidFile(pidFile);
  if (own !== undefined && isOwnDockerd(own, pidFile, readCommandLineFromProc)) return own;
  const system = readPidFile(settings.systemPidFile);
  return system !== undefined && isProgram(system, "dockerd", readCommandLineFromProc) ? system : undefined;
}

function readOsIds(file: string): string[] {
  const ids = parseOsIds(readText(file));
  return ids.length > 0 ? ids : [process.platform];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
