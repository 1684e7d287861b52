import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProbeResult } from "./engine-plan.ts";
import { defaultEngineSettings, type EngineSettings, engineFiles, type Log } from "./engine-settings.ts";
import { isProgram, readCommandLineFromProc, readPidFile } from "./pid-file.ts";
import { asRoot, formatCommand, isRoot, rootEnvironment } from "./privilege.ts";
import { probeEngine } from "./probe-engine.ts";
import { runStep } from "./run-step.ts";
import { runscFiles, runscName } from "./runsc.ts";
import { stopEngine } from "./stop-engine.ts";

const answerTimeoutMs = 60_000;
const pollMs = 100;
const logTailLines = 25;

/**
 * Cloche's containers have no network, so this dockerd gets none to manage: no bridge, and the host's firewall and
 * forwarding stay as they are.
 */
const noNetworkArgs = [
  "--bridge=none",
  "--iptables=false",
  "--ip6tables=false",
  "--ip-forward=false",
  "--ip-masq=false",
];

/** A restart of the engine then leaves sandboxes running, and sessions go on. */
const liveRestore = "live-restore";

type Start = { dockerd: string; stateDir: string; settings: EngineSettings; log: Log };

/** Starts a dockerd that outlives this process and waits until it answers. Failing, shows the end of its log. */
export async function startDockerd({ dockerd, stateDir, settings, log }: Start): Promise<void> {
  const files = engineFiles(stateDir);
  const group = isRoot() ? undefined : privateGroup();
  const [command, ...args] = asRoot([
    dockerd,
    ...dockerdArgs({ pidFile: files.pidFile, group, settings, runsc: runscFiles(stateDir).wrapper }),
  ]);
  log("dockerd is installed but not running, and there is no systemd to start it. Starting it:");
  log(`  ${formatCommand([command, ...args])}`);
  log("  (no bridge and no firewall rules: Cloche's containers have no network)");
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  // Left by a crash or a reboot. dockerd would refuse to start if that pid belongs to any process by now.
  rmSync(files.pidFile, { force: true });
  await removeStaleContainerdPid(settings, log);
  const logFile = openSync(files.logFile, "w", 0o600);
  // Detached: a session of its own, so that Ctrl-C ends the service and not the engine under it.
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", logFile, logFile],
    env: rootEnvironment(),
  });
  closeSync(logFile);
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("exit", (code, signal) => {
    ended = `ended with ${signal ?? `code ${code}`}`;
  });

  const answer = await waitForAnswer(`unix://${settings.socketPath}`, () => ended !== undefined);
  if (answer.state === "silent") {
    if (ended === undefined) await stopEngine({ stateDir, log });
    throw new Error(
      `dockerd ${ended ?? `does not answer after ${answerTimeoutMs / 1000} s`}. ` +
        `The end of ${files.logFile}:\n${tail(files.logFile)}`,
    );
  }
  child.removeAllListeners();
  child.unref();
}

/**
 * Where nothing reaps orphans (a container whose PID 1 is no init), a killed engine leaves its containerd as a zombie.
 * dockerd 20.10 takes that pid for a live containerd, waits for it, and gives up.
 */
async function removeStaleContainerdPid({ execRoot }: EngineSettings, log: Log): Promise<void> {
  const file = join(execRoot, "containerd", "containerd.pid");
  const pid = readPidFile(file);
  if (pid === undefined || isProgram(pid, "containerd", readCommandLineFromProc)) return;
  const removed = await runStep(["rm", "-f", file], log);
  if (!removed.ok) log(removed.output);
}

/** Polls until the engine answers, refuses this user, or cannot come any more. */
export async function waitForAnswer(
  dockerHost: string,
  isHopeless: () => boolean = () => false,
): Promise<ProbeResult> {
  const deadline = Date.now() + answerTimeoutMs;
  for (;;) {
    const probe = await probeEngine(dockerHost);
    if (probe.state !== "silent" || Date.now() > deadline || isHopeless()) return probe;
    await sleep(pollMs);
  }
}

type DockerdArgs = {
  pidFile: string;
  group: string | undefined;
  settings: EngineSettings;
  /** What starts gVisor, where it was built. */
  runsc: string;
};

export function dockerdArgs({ pidFile, group, settings, runsc }: DockerdArgs): string[] {
  // The default socket is left out, because dockerd refuses a flag that /etc/docker/daemon.json sets as well.
  const isDefaultSocket = settings.socketPath === defaultEngineSettings.socketPath;
  const isDefaultExecRoot = settings.execRoot === defaultEngineSettings.execRoot;
  return [
    `--pidfile=${pidFile}`,
    ...(isDefaultSocket ? [] : [`--host=unix://${settings.socketPath}`]),
    ...(group === undefined ? [] : [`--group=${group}`]),
    ...noNetworkArgs,
    // dockerd refuses a flag that its configuration file sets as well, whatever it says there.
    ...(isConfigured(settings.configFile, liveRestore) ? [] : [`--${liveRestore}`]),
    ...(existsSync(runsc) && !isConfigured(settings.configFile, "runtimes")
      ? [`--add-runtime=${runscName}=${runsc}`]
      : []),
    ...(isDefaultExecRoot ? [] : [`--exec-root=${settings.execRoot}`]),
    ...settings.extraDockerdArgs,
  ];
}

function isConfigured(configFile: string, key: string): boolean {
  try {
    return key in JSON.parse(readFileSync(configFile, "utf8"));
  } catch {
    // None is there, or dockerd will say what is wrong with it.
    return false;
  }
}

/**
 * The group whose only member is the user who started this through sudo, so that the socket is open to them and to
 * nobody else. Without such a group the socket belongs to `docker`, and the plan says how to join that.
 */
function privateGroup(): string | undefined {
  const { username, gid } = userInfo();
  const line = readFileSync("/etc/group", "utf8")
    .split("\n")
    .map((entry) => entry.split(":"))
    .find(([name]) => name === username);
  const isPrivate = line?.[2] === String(gid) && line[3] === "";
  return isPrivate ? username : undefined;
}

function tail(file: string): string {
  try {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    const telling = lines.filter((line) => !line.includes(" level=info "));
    return (telling.length > 0 ? telling : lines).slice(-logTailLines).join("\n");
  } catch {
    return "(no log)";
  }
}
