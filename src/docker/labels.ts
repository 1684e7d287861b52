/** Labels by which Cloche knows its own containers and images. */

export const labels = {
  instance: "io.cloche.instance",
  sandbox: "io.cloche.sandbox",
  tenant: "io.cloche.tenant",
  policy: "io.cloche.policy",
  /** On images: the manifest as JSON. */
  manifest: "io.cloche.manifest",
} as const;
