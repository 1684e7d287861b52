/** On what the figures were measured. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import type Docker from "dockerode";
import type { Image } from "../src/domain/image.ts";
import type { Interpreter } from "./interpreters.ts";

export async function describeEnvironment(
  docker: Docker,
  image: Image,
  interpreter: Interpreter | undefined,
): Promise<Record<string, string>> {
  const { Version, Components } = await docker.version();
  const runc = Components?.find(({ Name }) => Name === "runc")?.Version ?? "unknown";
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(1);
  return {
    machine: `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown CPU"}, ${memoryGiB} GiB, Linux ${release()}`,
    cloche: `${readVersion()} on Node ${process.versions.node}`,
    engine: `Docker ${Version}, runc ${runc}`,
    image: `${image.name}, CPython ${image.python}, ${image.digest.slice(0, 19)}`,
    floor: interpreter ? `CPython ${interpreter.version}, ${interpreter.path}` : "no Python 3 on this host",
  };
}

/** Load averages over 1, 5 and 15 minutes. */
export const describeLoad = (): string =>
  loadavg()
    .map((load) => load.toFixed(2))
    .join(" ");

function readVersion(): string {
  const file = new URL("../package.json", import.meta.url);
  return String((JSON.parse(readFileSync(file, "utf8")) as { version?: unknown }).version);
}
