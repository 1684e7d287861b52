/** npm run soak [-- --minutes N] */
import { parseArgs } from "node:util";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { engineRestarter } from "../soak/restart-engine.ts";
import { stateDir } from "../state-dir.ts";

const usage = `Usage: npm run soak [-- flags]

  --minutes N       how long, fractions too (default 5)
  --clients N       how many at the same time (default 6)
  --seed N          of what they choose to do (default 1)
  --engine-restart-command COMMAND
                    restarts the container engine and returns when it answers; without it only an
                    engine that Cloche started is restarted, because another one may have other work
  --help            this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "5" },
      clients: { type: "string", default: "6" },
      seed: { type: "string", default: "1" },
      "engine-restart-command": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const minutes = toNumber("--minutes", values.minutes, 0.1, 24 * 60);
  const clients = Math.round(toNumber("--clients", values.clients, 1, 64));
  const seed = Math.round(toNumber("--seed", values.seed, 0, 2 ** 31));

  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: ["python"] });
  const restartEngine = engineRestarter(stateDir(), values["engine-restart-command"]);
  if (!restartEngine) sayThatTheEngineStays();
  const { runSoak } = await import("../soak/run-soak.ts");
  const environment = { ...process.env, DOCKER_HOST: dockerHost };
  const passed = await runSoak({ environment, minutes, clients, seed, restartEngine, signal: stop.signal });
  process.exitCode = passed ? 0 : 1;
}

/** A soak that leaves a part out must not look like a whole one where nobody reads what it prints. */
function sayThatTheEngineStays(): void {
  const message =
    "the container engine was not started by Cloche, so it is NOT restarted in this soak; " +
    "--engine-restart-command says how to";
  const { CI } = process.env;
  if (CI !== undefined && CI !== "" && CI !== "false" && CI !== "0") throw new Error(message);
  console.log(`\n*** ${message} ***\n`);
}

function toNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text === "" || !(value >= min && value <= max))
    throw new Error(`${flag} must be a number from ${min} to ${max}`);
  return value;
}
