/** What is in a sandbox's file system, pinned by digest. */
import { z } from "zod";

/** Written into the image by the builder, as a label and as a file that the launcher reads. */
export const imageManifestSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  python: z.string(),
  packages: z.record(z.string(), z.string()),
  preload: z.array(z.string()).meta({ description: "Modules imported before an action comes" }),
});
export type ImageManifest = z.infer<typeof imageManifestSchema>;

export const imageSchema = imageManifestSchema
  .extend({
    digest: z.string().meta({ description: "The engine's content id of the image" }),
    sizeBytes: z.int(),
  })
  .meta({ id: "Image" });
export type Image = z.infer<typeof imageSchema>;
