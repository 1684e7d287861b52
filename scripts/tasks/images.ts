/** npm run images -- [name ...] [--base auto|registry|debian] [--no-install] [--lock] */
import { parseArgs } from "node:util";
import Docker from "dockerode";
import { baseChoices } from "../images/base-image.ts";
import { type BuiltImage, ensureImages } from "../images/build-images.ts";
import { imageManifestSchema, manifestLabel } from "../images/image-manifest.ts";
import { lockRequirements } from "../images/lock-requirements.ts";

const log = (line: string) => console.error(line);

async function describe(docker: Docker, image: BuiltImage) {
  const found = await docker.getImage(image.id).inspect();
  const manifest = imageManifestSchema.parse(JSON.parse(found.Config.Labels?.[manifestLabel] ?? "null"));
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
    },
  });
  const base = baseChoices.find((choice) => choice === values.base);
  if (base === undefined) throw new Error(`--base must be one of ${baseChoices.join(", ")}`);
  const names = positionals.length > 0 ? positionals : "all";
  const allowInstall = !values["no-install"];
  if (values.lock) return lockRequirements({ names, log, allowInstall });

  const docker = new Docker();
  const images = await ensureImages({ docker, names, log, allowInstall, base });
  console.table(await Promise.all(images.map((image) => describe(docker, image))));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
