import { join } from "node:path";

/** Where a dockerd of ours listens and keeps its things; tests point all of it elsewhere. */
export type EngineSettings = {
  socketPath: string;
  execRoot: string;
  /** One lock for the whole machine: two checkouts must not start two engines on one data root either. */
  lockPath: string;
  /** The pid file that a dockerd started by the distribution writes. */
  systemPidFile: string;
  osReleaseFile: string;
  configFile: string;
  extraDockerdArgs: readonly string[];
};

export const defaultEngineSettings: EngineSettings = {
  socketPath: "/var/run/docker.sock",
  execRoot: "/var/run/docker",
  lockPath: "/run/cloche-engine.lock",
  systemPidFile: "/var/run/docker.pid",
  osReleaseFile: "/etc/os-release",
  configFile: "/etc/docker/daemon.json",
  extraDockerdArgs: [],
};

export type EngineFiles = { folder: string; pidFile: string; logFile: string };

export function engineFiles(stateDir: string): EngineFiles {
  const folder = join(stateDir, "engine");
  return { folder, pidFile: join(folder, "dockerd.pid"), logFile: join(folder, "dockerd.log") };
}

export type Log = (line: string) => void;
