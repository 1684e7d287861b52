/** Images are data: every folder of sandbox-images that holds an image.json is one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const imageName = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/);

const imageSchema = z.strictObject({
  name: imageName,
  description: z.string().min(1),
  /** The image that this one adds to; null for one that starts from a base outside this repository. */
  parent: imageName.nullable(),
  /** Modules that the launcher imports before there is an action, so that no execution waits for them. */
  preload: z.array(z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/)),
  /** The image lint refuses an image above this, so that nothing large slips in unseen. */
  maxSizeMiB: z.number().int().positive(),
});

export type ImageDefinition = z.infer<typeof imageSchema> & { folder: string };

function loadImageDefinition(folder: string, folderName: string): ImageDefinition {
  const file = join(folder, "image.json");
  const parsed = imageSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (!parsed.success) throw new Error(`${file} is not valid:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.name !== folderName) throw new Error(`${file}: name must be the folder's, "${folderName}"`);
  return { ...parsed.data, folder };
}

/** All images of a folder, in the order of their names. Throws for a file that does not fit the schema. */
export function loadImageDefinitions(imagesFolder: string): ImageDefinition[] {
  return readdirSync(imagesFolder)
    .sort()
    .filter((name) => existsSync(join(imagesFolder, name, "image.json")))
    .map((name) => loadImageDefinition(join(imagesFolder, name), name));
}

/** The named images and what they build on, parents first. Throws for unknown names and for circles. */
export function withParents(
  definitions: readonly ImageDefinition[],
  names: readonly string[],
): ImageDefinition[] {
  const ordered: ImageDefinition[] = [];
  const add = (name: string, children: readonly string[]) => {
    if (children.includes(name)) throw new Error(`image ${name} is its own parent`);
    const definition = definitions.find((candidate) => candidate.name === name);
    const known = definitions.map((candidate) => candidate.name).join(", ");
    if (definition === undefined) throw new Error(`there is no image "${name}"; there are: ${known}`);
    if (ordered.includes(definition)) return;
    if (definition.parent !== null) add(definition.parent, [...children, name]);
    ordered.push(definition);
  };
  for (const name of names) add(name, []);
  return ordered;
}
