/** npm run runsc */
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { defaultEngineSettings, engineFiles } from "../engine/engine-settings.ts";
import { findAnsweringEngine } from "../engine/observe-engine.ts";
import { isOwnDockerd, readCommandLineFromProc, readPidFile } from "../engine/pid-file.ts";
import { daemonJsonFor, ensureRunsc, type RunscFiles, runscName } from "../engine/runsc.ts";
import { failTask } from "../fail-task.ts";
import { stateDir } from "../state-dir.ts";

const usage = `Usage: npm run runsc

Builds gVisor's runsc with the Go toolchain and says how the engine gets to know it. An engine that Cloche
starts has it from its next start on; the configuration of another one is never touched.`;

await main(process.argv.slice(2)).catch(failTask);

async function main(args: string[]): Promise<void> {
  if (args.length > 0) return console.log(usage);
  const log = (line: string) => console.log(`runsc: ${line}`);
  const files = await ensureRunsc(stateDir(), log);
  const dockerHost = await findAnsweringEngine(defaultEngineSettings);
  if (dockerHost === undefined) return log("no engine runs; the one that npm start starts will have it");
  const { Runtimes = {} } = await connectDocker(dockerHost).info();
  if (runscName in Runtimes) return log(`the engine at ${dockerHost} has it registered`);
  log(isOurs() ? forOurs : forOthers(files));
}

function isOurs(): boolean {
  const { pidFile } = engineFiles(stateDir());
  const pid = readPidFile(pidFile);
  return pid !== undefined && isOwnDockerd(pid, pidFile, readCommandLineFromProc);
}

const forOurs =
  "the engine that Cloche started runs without it. To have it: npm run docker:stop (ends all sandboxes), then npm start";

const forOthers = (
  files: RunscFiles,
) => `the engine was not started by Cloche, so its configuration is yours to change.
Add this to /etc/docker/daemon.json, then reload it (systemctl reload docker, or SIGHUP to dockerd); no restart is needed:

${daemonJsonFor(files)}
`;
