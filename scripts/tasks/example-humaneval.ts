/** npm run example:humaneval [-- --url URL --key-file FILE] */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadProblems } from "../../examples/humaneval/dataset.ts";
import type { Service } from "../../examples/humaneval/execute.ts";
import { runExample } from "../../examples/humaneval/run-example.ts";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";

const usage = `Usage: npm run example:humaneval [-- flags]

  --url URL         a running service; without it one is started for the example and ended with it
  --key-file FILE   file with that service's API key
  --no-install      refuse to install anything on this machine; say what is missing instead
  --help            this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      "key-file": { type: "string" },
      "no-install": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);

  const allowInstall = !values["no-install"];
  const problems = await loadProblems({ log: console.log, allowInstall });
  await using service = await findService(values.url, values["key-file"], allowInstall);
  const asExpected = await runExample(service, problems, stop.signal);
  process.exitCode = asExpected ? 0 : 1;
}

async function findService(
  url: string | undefined,
  keyFile: string | undefined,
  allowInstall: boolean,
): Promise<Service & AsyncDisposable> {
  if ((url === undefined) !== (keyFile === undefined)) throw new Error("--url and --key-file go together");
  if (url !== undefined && keyFile !== undefined) {
    const key = (await readFile(keyFile, "utf8")).trim();
    await assertReady(url);
    return { url, key, [Symbol.asyncDispose]: async () => {} };
  }
  const { dockerHost } = await bootstrap({ allowInstall, base: "auto", images: ["python"] });
  const { startPrivateService } = await import("../private-service.ts");
  return await startPrivateService({ DOCKER_HOST: dockerHost });
}

/** One clear error in place of one for each run. */
async function assertReady(url: string): Promise<void> {
  const { ok, status } = await fetch(new URL("/readyz", url)).catch((cause: unknown) => {
    throw new Error(`nothing answers at ${url}`, { cause });
  });
  if (!ok) throw new Error(`the service at ${url} is not ready (${status}); GET /readyz says why`);
}
