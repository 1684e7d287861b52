/** Builds the sandbox images, or with --lock rewrites their hashed requirements. */
import { parseArgs } from "node:util";
import type Docker from "dockerode";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { labels } from "../../src/docker/container/labels.ts";
import { imageManifestSchema } from "../../src/domain/image.ts";
import { ensureEngine } from "../engine/ensure-engine.ts";
import { failTask } from "../fail-task.ts";
import { baseChoices } from "../images/base-image.ts";
import { type BuiltImage, ensureImages } from "../images/build-images.ts";
import { lockRequirements } from "../images/lock-requirements.ts";
import { stateDir } from "../state-dir.ts";

const usage = `Usage: npm run images -- [name ...] [flags]

  name             an image in sandbox-images; all of them when none is named
  --base WHICH     what to start from: registry, debian (built with mmdebstrap), or auto (default)
  --no-install     refuse to install anything on this machine; say what is missing instead
  --lock           write requirements.txt from requirements.in instead of building
  --help           this text`;

async function describe(docker: Docker, image: BuiltImage) {
  const found = await docker.getImage(image.id).inspect();
  const manifest = imageManifestSchema.parse(JSON.parse(found.Config.Labels?.[labels.manifest] ?? "null"));
  return {
    name: image.name,
    tag: image.tag,
    digest: image.id.replace("sha256:", "").slice(0, 12),
    MiB: Math.round(found.Size / 2 ** 20),
    python: manifest.python,
    packages: Object.keys(manifest.packages).length,
    time: image.built ? `${(image.ms / 1000).toFixed(1)} s` : "present",
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      base: { type: "string", default: "auto" },
      "no-install": { type: "boolean", default: false },
      lock: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const base = baseChoices.find((choice) => choice === values.base);
  if (base === undefined) throw new Error(`--base must be one of ${baseChoices.join(", ")}`);
  const names = positionals.length > 0 ? positionals : "all";
  // Without the "--" npm takes --no-install as a setting of its own; it is honoured all the same.
  const { npm_config_install: npmSetting } = process.env;
  const allowInstall = !values["no-install"] && npmSetting !== "" && npmSetting !== "false";
  const log = (line: string) => console.log(line);
  if (values.lock) return lockRequirements({ names, log, allowInstall });

  const { dockerHost } = await ensureEngine({ allowInstall, stateDir: stateDir(), log });
  const docker = connectDocker(dockerHost);
  const images = await ensureImages({ docker, names, log, allowInstall, base });
  console.table(await Promise.all(images.map((image) => describe(docker, image))));
}

await main().catch(failTask);
