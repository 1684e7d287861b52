/** npm run tiers:table: writes into docs/tiers.md what works under each tier. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { matrixImages, matrixOf, putMatrix } from "../seccomp/matrix-of-images.ts";
import { repositoryRoot } from "../state-dir.ts";

const file = join(repositoryRoot, "docs", "tiers.md");

await main().catch(failTask);

async function main(): Promise<void> {
  const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: matrixImages });
  const matrix = await matrixOf(connectDocker(dockerHost));
  writeFileSync(file, putMatrix(readFileSync(file, "utf8"), matrix));
  console.log("docs/tiers.md: written");
}
