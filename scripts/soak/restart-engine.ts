/** Restarts the container engine under the service: only one that Cloche started itself, or as it is told. */
import { setTimeout as sleep } from "node:timers/promises";
import { engineFiles } from "../engine/engine-settings.ts";
import { ensureEngine } from "../engine/ensure-engine.ts";
import { isOwnDockerd, readCommandLineFromProc, readPidFile } from "../engine/pid-file.ts";
import { isRoot } from "../engine/privilege.ts";
import { runCommand } from "../images/run-command.ts";

const pollMs = 50;
const stopTimeoutMs = 60_000;

export type RestartEngine = () => Promise<void>;

/** undefined where the engine is somebody else's, and may have other work. */
export function engineRestarter(stateDir: string, command: string | undefined): RestartEngine | undefined {
  if (command !== undefined)
    return async () => void (await runCommand(["sh", "-c", command], "restarting the engine"));
  const { pidFile } = engineFiles(stateDir);
  const pid = readPidFile(pidFile);
  if (pid === undefined || !isOwnDockerd(pid, pidFile, readCommandLineFromProc)) return undefined;
  return async () => {
    await terminate(pid);
    const deadline = Date.now() + stopTimeoutMs;
    while (isOwnDockerd(pid, pidFile, readCommandLineFromProc)) {
      if (Date.now() > deadline) throw new Error(`dockerd (pid ${pid}) does not end`);
      await sleep(pollMs);
    }
    await ensureEngine({ allowInstall: false, stateDir, log: () => {} });
  };
}

/** Unlike docker:stop, which ends the sandboxes first: they are to live through this. */
async function terminate(pid: number): Promise<void> {
  if (isRoot()) process.kill(pid, "SIGTERM");
  else await runCommand(["sudo", "-n", "sh", "-c", `kill -TERM ${pid}`], "stopping dockerd");
}
