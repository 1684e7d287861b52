/** npm run example:agent [-- --url URL --key-file FILE] [--out FOLDER] */
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runExample } from "../../examples/agent/run-example.ts";
import { Screen } from "../../examples/agent/screen.ts";
import type { Service } from "../../examples/agent/session-client.ts";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";

const usage = `Usage: npm run example:agent [-- flags]

  --url URL         a running service; without it one is started for the example and ended with it
  --key-file FILE   file with that service's API key
  --out FOLDER      where the plot goes (default: a new folder below ${tmpdir()})
  --no-install      refuse to install anything on this machine; say what is missing instead
  --help            this text`;

await main().catch(failTask);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      "key-file": { type: "string" },
      out: { type: "string" },
      "no-install": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);

  const folder = values.out ? resolve(values.out) : await mkdtemp(join(tmpdir(), "cloche-agent-"));
  await mkdir(folder, { recursive: true });
  await using service = await findService(values.url, values["key-file"], !values["no-install"]);
  await runExample(service, { screen: new Screen(), folder, signal: stop.signal });
  console.log("\nEverything came back as it had to.");
}

async function findService(
  url: string | undefined,
  keyFile: string | undefined,
  allowInstall: boolean,
): Promise<Service & AsyncDisposable> {
  if ((url === undefined) !== (keyFile === undefined)) throw new Error("--url and --key-file go together");
  if (url !== undefined && keyFile !== undefined) {
    const key = (await readFile(keyFile, "utf8")).trim();
    return { url, key, [Symbol.asyncDispose]: async () => {} };
  }
  const { dockerHost } = await bootstrap({ allowInstall, base: "auto", images: ["python-data"] });
  const { startPrivateService } = await import("../private-service.ts");
  return await startPrivateService({ DOCKER_HOST: dockerHost });
}
