/** npm run bench:sessions [-- --rounds N] [--sessions N] [--json FILE] */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { repositoryRoot } from "../state-dir.ts";

const usage = `Usage: npm run bench:sessions [-- flags]

  --rounds N     rounds of 20 steps alone and 10 beside a neighbour for each subject (default 15)
  --sessions N   idle sessions to open (default 200)
  --json FILE    where everything measured goes (default bench/results/sessions-<time>.json)
  --help         this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "15" },
      sessions: { type: "string", default: "200" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const rounds = toCount("--rounds", values.rounds);
  const sessions = toCount("--sessions", values.sessions);

  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: ["python"] });
  const { runSessionBench } = await import("../../bench/sessions/run-session-bench.ts");
  const environment = { ...process.env, DOCKER_HOST: dockerHost };
  const result = await runSessionBench({ environment, rounds, sessions, signal: stop.signal });
  const name = `sessions-${result.at.slice(0, 19).replaceAll(":", "")}.json`;
  const file = resolve(values.json ?? join(repositoryRoot, "bench", "results", name));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`All samples: ${file}`);
}

function toCount(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) throw new Error(`${flag} must be 1 to 1000`);
  return value;
}
