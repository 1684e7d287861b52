import { existsSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "../../src/config.ts";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { labels } from "../../src/docker/container/labels.ts";
import { engineFiles, type Log } from "./engine-settings.ts";
import { isOwnDockerd, readCommandLineFromProc, readPidFile } from "./pid-file.ts";
import { isRoot } from "./privilege.ts";
import { runStep } from "./run-step.ts";

/** dockerd takes its time to end what it has begun. */
const stopTimeoutMs = 40_000;
const pollMs = 50;
/** An engine that hangs is stopped all the same. */
const engineAnswerMs = 10_000;

/** Ends the dockerd that Cloche started, and no other. Answers whether there was one. */
export async function stopEngine({ stateDir, log }: { stateDir: string; log: Log }): Promise<boolean> {
  const { pidFile } = engineFiles(resolve(stateDir));
  const pid = readPidFile(pidFile);
  if (pid === undefined || !isOwnDockerd(pid, pidFile, readCommandLineFromProc)) {
    if (existsSync(pidFile)) {
      rmSync(pidFile);
      log(`removed a stale pid file (${pidFile}): no dockerd of Cloche runs`);
    } else {
      log("engine was not started by Cloche; nothing to stop");
    }
    return false;
  }

  // With live-restore they would outlive the engine.
  await endSandboxes(log);
  await terminate(pid, log);
  const deadline = Date.now() + stopTimeoutMs;
  while (isOwnDockerd(pid, pidFile, readCommandLineFromProc)) {
    if (Date.now() > deadline) {
      throw new Error(`dockerd (pid ${pid}) still runs ${stopTimeoutMs / 1000} s after SIGTERM`);
    }
    await sleep(pollMs);
  }
  rmSync(pidFile, { force: true });
  log(`stopped dockerd (pid ${pid})`);
  return true;
}

async function endSandboxes(log: Log): Promise<void> {
  const docker = connectDocker(loadConfig({}).DOCKER_HOST, { timeout: engineAnswerMs });
  try {
    const sandboxes = await docker.listContainers({ all: true, filters: { label: [labels.sandbox] } });
    await Promise.all(sandboxes.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
    if (sandboxes.length > 0) log(`ended ${sandboxes.length} sandboxes`);
  } catch (error) {
    log(`did not end its sandboxes: ${error instanceof Error ? error.message : error}`);
  }
}

async function terminate(pid: number, log: Log): Promise<void> {
  if (isRoot()) {
    process.kill(pid, "SIGTERM");
    return;
  }
  // The shell's own kill: the program of that name is missing on minimal systems.
  const stopped = await runStep(["sh", "-c", `kill -TERM ${pid}`], log);
  if (!stopped.ok) throw new Error(stopped.output);
}
