/** Builds the sandbox images that are not on the engine yet. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { labels, repositoryOf } from "../../src/docker/container/labels.ts";
import { PROTOCOL_VERSION } from "../../src/docker/link/frames.ts";
import { type BaseChoice, ensureBase } from "./base-image.ts";
import type { ContextPart } from "./build-context.ts";
import { dockerBuild } from "./docker-build.ts";
import { type ImageDefinition, loadImageDefinitions, withParents } from "./image-definition.ts";
import { type ImageVersion, versionImages } from "./image-version.ts";
import { takeInventory } from "./inventory.ts";
import { cacheFolder, imagesFolder } from "./paths.ts";
import { type Log, withProgress } from "./progress.ts";
import { type Architecture, unpackPackages } from "./wheels.ts";

export interface ImageRequest {
  docker: Docker;
  /** Parents come along by themselves. */
  names: readonly string[] | "all";
  log: Log;
  /** Whether missing host packages (mmdebstrap, python3-pip) may be installed. */
  allowInstall: boolean;
  base: BaseChoice;
}

export interface BuiltImage {
  name: string;
  id: string;
  tag: string;
  built: boolean;
  ms: number;
}

type Present = Map<string, { id: string; base: string }>;

async function listPresent(docker: Docker): Promise<Present> {
  const images = await docker.listImages({ filters: { reference: ["cloche/*"] } });
  return new Map(
    images.flatMap((image) =>
      (image.RepoTags ?? []).map(
        (tag) => [tag, { id: image.Id, base: image.Labels?.[labels.base] ?? "" }] as const,
      ),
    ),
  );
}

async function engineArchitecture(docker: Docker): Promise<Architecture> {
  const { Arch } = await docker.version();
  if (Arch === "amd64") return "x86_64";
  if (Arch === "arm64") return "aarch64";
  throw new Error(`the Docker engine runs on ${Arch}; sandbox images exist for amd64 and arm64`);
}

/** Left out of the context: what the image must not hold (test suites, launch scripts with host paths). */
const isUnwantedInPackages = (path: string) => /^bin\/|(^|\/)tests\//.test(path);

/** The image without the launcher: the part that is slow to build and seldom changes. */
async function buildContent(
  request: ImageRequest,
  definition: ImageDefinition,
  options: { tag: string; base: string; baseKind: string },
): Promise<void> {
  const { docker, log, allowInstall } = request;
  const label = `image ${definition.name}`;
  await mkdir(cacheFolder, { recursive: true });
  const packages = await mkdtemp(join(cacheFolder, "packages-"));
  try {
    await unpackPackages({
      requirements: join(definition.folder, "requirements.txt"),
      architecture: await engineArchitecture(docker),
      into: packages,
      label,
      log,
      allowInstall,
    });
    const context: ContextPart[] = [
      { to: "", folder: definition.folder },
      { to: "common", folder: join(imagesFolder, "common") },
      { to: "packages", folder: packages, omit: isUnwantedInPackages },
    ];
    await withProgress(log, `${label}: building its content`, () =>
      dockerBuild(docker, {
        tag: options.tag,
        dockerfile: "Dockerfile",
        base: options.base,
        labels: { [labels.base]: options.baseKind },
        context,
      }),
    );
  } finally {
    await rm(packages, { recursive: true, force: true });
  }
}

/** Adds the launcher and the manifest to the content. */
async function finishImage(
  request: ImageRequest,
  definition: ImageDefinition,
  options: { tag: string; content: string },
): Promise<void> {
  const { docker, log } = request;
  const launcher = join(imagesFolder, "launcher");
  if (!existsSync(join(launcher, "__main__.py"))) throw new Error(`${launcher}/__main__.py does not exist`);
  await withProgress(log, `image ${definition.name}: adding the launcher`, async () => {
    const manifest = await takeInventory(docker, options.content, definition);
    await dockerBuild(docker, {
      tag: options.tag,
      dockerfile: "common/launcher.Dockerfile",
      base: options.content,
      labels: {
        [labels.image]: definition.name,
        [labels.manifest]: JSON.stringify(manifest),
        [labels.protocol]: String(PROTOCOL_VERSION),
      },
      context: [
        { to: "launcher", folder: launcher },
        { to: "common", folder: join(imagesFolder, "common") },
        { to: "manifest.json", text: `${JSON.stringify(manifest, undefined, 2)}\n` },
      ],
    });
  });
}

/** Builds what is missing of one image and returns the engine's id of it. */
async function ensureImage(
  request: ImageRequest,
  version: ImageVersion,
  present: Present,
): Promise<{ id: string; built: boolean }> {
  const { docker } = request;
  const { definition } = version;
  const repository = repositoryOf(definition.name);
  const tag = `${repository}:${version.hash}`;
  const content = `${repository}:content-${version.contentHash}`;
  const parentContent =
    version.parent && `${repositoryOf(version.parent.name)}:content-${version.parent.contentHash}`;

  const fits = (found: { base: string } | undefined) =>
    found !== undefined && (request.base === "auto" || found.base === request.base);
  const existing = present.get(tag);
  if (existing !== undefined && fits(existing)) {
    if (present.get(`${repository}:latest`)?.id !== existing.id) {
      await docker.getImage(tag).tag({ repo: repository, tag: "latest" });
    }
    return { id: existing.id, built: false };
  }

  if (!fits(present.get(content))) {
    const base =
      parentContent === null
        ? await ensureBase(docker, { ...request, folder: definition.folder, choice: request.base })
        : { reference: parentContent, kind: present.get(parentContent)?.base ?? "" };
    await buildContent(request, definition, { tag: content, base: base.reference, baseKind: base.kind });
    const { Id } = await docker.getImage(content).inspect();
    present.set(content, { id: Id, base: base.kind });
  }
  await finishImage(request, definition, { tag, content });
  await docker.getImage(tag).tag({ repo: repository, tag: "latest" });
  const { Id } = await docker.getImage(tag).inspect();
  return { id: Id, built: true };
}

/**
 * Makes sure the named images are on the engine; one list call when they are.
 * Throws with the failing step and the last lines of its output.
 */
export async function ensureImages(request: ImageRequest): Promise<BuiltImage[]> {
  const definitions = loadImageDefinitions(imagesFolder);
  const names = request.names === "all" ? definitions.map((definition) => definition.name) : request.names;
  const present = await listPresent(request.docker);
  const results: BuiltImage[] = [];
  for (const version of versionImages(withParents(definitions, names), imagesFolder)) {
    const startedAt = Date.now();
    const { id, built } = await ensureImage(request, version, present);
    const { name } = version.definition;
    results.push({
      name,
      id,
      built,
      tag: `${repositoryOf(name)}:${version.hash}`,
      ms: Date.now() - startedAt,
    });
  }
  return results;
}
