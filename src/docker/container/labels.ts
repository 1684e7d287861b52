/** Labels by which Cloche knows its own containers and images. */

export const labels = {
  instance: "io.cloche.instance",
  sandbox: "io.cloche.sandbox",
  tenant: "io.cloche.tenant",
  policy: "io.cloche.policy",
  /** On images: the image's name. */
  image: "io.cloche.image",
  /** On images: the manifest as JSON. */
  manifest: "io.cloche.manifest",
  /** On images: the version of the protocol that their launcher speaks. */
  protocol: "io.cloche.protocol",
  /** On images: what the builder made them from. */
  base: "io.cloche.base",
} as const;

/** Where the engine keeps the versions of an image; the one in use is tagged `latest`. */
export const repositoryOf = (image: string): string => `cloche/${image}`;
