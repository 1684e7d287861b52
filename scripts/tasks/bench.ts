/** npm run bench [-- --rounds N] [--json FILE] */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { repositoryRoot } from "../state-dir.ts";

const usage = `Usage: npm run bench [-- flags]

  --rounds N     samples of each latency (default 30)
  --json FILE    where everything measured goes (default bench/results/<time>.json)
  --help         this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "30" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) throw new Error("--rounds must be 1 to 1000");

  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: ["python"] });
  const { runBench } = await import("../../bench/run-bench.ts");
  const result = await runBench({
    environment: { ...process.env, DOCKER_HOST: dockerHost },
    rounds,
    signal: stop.signal,
  });
  const file = resolve(values.json ?? join(repositoryRoot, "bench", "results", toFileName(result.at)));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`All samples: ${file}`);
}

function toFileName(isoTime: string): string {
  return `${isoTime.slice(0, 19).replaceAll(":", "")}.json`;
}
