import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { parseStartArgs, type StartOptions, startUsage } from "../start-options.ts";
import { stateDir } from "../state-dir.ts";

const { npm_config_install } = process.env;
const parsed = parseStartArgs(process.argv.slice(2), npm_config_install);
switch (parsed.kind) {
  case "help":
    console.log(parsed.text);
    break;
  case "invalid":
    console.error(`${parsed.message}\n\n${startUsage}`);
    process.exitCode = 2;
    break;
  case "start":
    await start(parsed.options).catch(failTask);
}

async function start({ allowInstall, base, ...service }: StartOptions): Promise<void> {
  // A mistyped setting should not cost an installation first.
  const { checkSettings, runService } = await import("../../src/main.ts");
  checkSettings({ ...service, stateDir: stateDir() });
  const { dockerHost } = await bootstrap({ allowInstall, base, images: ["python"] });
  await runService({ ...service, dockerHost, stateDir: stateDir() });
}
