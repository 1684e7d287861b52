/** npm run schemathesis [-- --url URL --key-file FILE] [--seed N] [--lock] */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { lockSchemathesis } from "../schemathesis/lock.ts";
import { runSchemathesis } from "../schemathesis/run-schemathesis.ts";

const usage = `Usage: npm run schemathesis [-- flags]

  --url URL         a running service; without it one is started for the run and ended with it
  --key-file FILE   file with an admin's API key of that service. The run makes and removes sessions,
                    keys and tenants there: don't point it at one that people use
  --seed N          of the generated requests (default 1)
  --examples N      requests generated for each operation (default 8)
  --lock            only rewrite scripts/schemathesis/requirements.txt
  --help            this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      "key-file": { type: "string" },
      seed: { type: "string", default: "1" },
      examples: { type: "string", default: "8" },
      lock: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.lock) return await lockSchemathesis(console.log);
  const seed = toCount("--seed", values.seed);
  const examples = toCount("--examples", values.examples);
  await using service = await findService(values.url, values["key-file"]);
  const { passed, report } = await runSchemathesis(service, { seed, examples, log: console.log });
  console.log(report);
  process.exitCode = passed ? 0 : 1;
}

function toCount(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} must be a whole number from 1`);
  return value;
}

async function findService(
  url: string | undefined,
  keyFile: string | undefined,
): Promise<{ url: string; key: string } & AsyncDisposable> {
  if ((url === undefined) !== (keyFile === undefined)) throw new Error("--url and --key-file go together");
  if (url !== undefined && keyFile !== undefined) {
    const key = (await readFile(keyFile, "utf8")).trim();
    return { url, key, [Symbol.asyncDispose]: async () => {} };
  }
  const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: ["python"] });
  const { startPrivateService } = await import("../private-service.ts");
  return await startPrivateService({ DOCKER_HOST: dockerHost });
}
