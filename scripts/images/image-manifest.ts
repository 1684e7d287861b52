/** What an image says about itself: in its label, and in a file for the launcher. */
import { z } from "zod";

export const nameLabel = "io.cloche.image";
export const manifestLabel = "io.cloche.manifest";
export const baseLabel = "io.cloche.base";

export const imageManifestSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  python: z.string(),
  packages: z.record(z.string(), z.string()),
  preload: z.array(z.string()),
});

export type ImageManifest = z.infer<typeof imageManifestSchema>;
