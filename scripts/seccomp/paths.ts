import { join } from "node:path";
import { repositoryRoot } from "../state-dir.ts";

export const policiesFolder = join(repositoryRoot, "policies");
export const seccompFolder = join(policiesFolder, "seccomp");
