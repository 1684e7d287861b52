import { join, resolve } from "node:path";

const repository = resolve(import.meta.dirname, "../..");

export const imagesFolder = join(repository, "sandbox-images");

/** Wheels and unfinished build contexts; ignored by git, safe to delete at any time. */
export const cacheFolder = join(repository, ".cloche", "cache");
