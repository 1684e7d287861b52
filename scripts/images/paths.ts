import { join } from "node:path";
import { repositoryRoot } from "../state-dir.ts";

export const imagesFolder = join(repositoryRoot, "sandbox-images");

/** Wheels and unfinished build contexts; ignored by git, safe to delete at any time. */
export const cacheFolder = join(repositoryRoot, ".cloche", "cache");
