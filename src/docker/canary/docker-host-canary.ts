import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Dockerode from "dockerode";
import type { Clock } from "../../engine/ports/clock.ts";
import type {
  CanaryReport,
  HostCanary,
  PlantedCanary,
  SandboxTraces,
} from "../../engine/ports/host-canary.ts";
import { statusOf } from "../container/docker-errors.ts";
import {
  cgroupFolders,
  type HostProcess,
  hostProcesses,
  isInAnother,
  mountTable,
  unixSockets,
} from "./host-view.ts";

/** The engine says that a container is gone a moment before the last of it is. */
const SETTLE_MS = 3_000;
const LOOK_EVERY_MS = 50;
/** Told one by one. */
const MAX_FOUND = 5;

interface Options {
  docker: Pick<Dockerode, "getContainer">;
  /** Where one of the files is planted, beside what must not be touched. */
  stateFolder: string;
  clock: Clock;
}

interface PlantedFile {
  path: string;
  hash: string;
  token: string;
}

/** Files in the state folder and in the host's /tmp, and all that a container of this engine shows as on the host. */
export class DockerHostCanary implements HostCanary {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async plant(): Promise<PlantedCanary> {
    mkdirSync(this.#options.stateFolder, { recursive: true, mode: 0o700 });
    const folders = [this.#options.stateFolder, tmpdir()].map((parent) =>
      mkdtempSync(join(parent, "cloche-canary-")),
    );
    const files = folders.map((folder) => plantIn(folder));
    const { docker, clock } = this.#options;
    return {
      tokens: files.map(({ token }) => token),
      trace: (containerId) => traceOf(docker, containerId),
      look: async (gone) => {
        const deadline = clock.monotonic() + SETTLE_MS;
        for (;;) {
          const found = await problemsOf(docker, files, gone);
          if (found.length === 0 || clock.monotonic() > deadline) return toReport(found, files, gone);
          await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
        }
      },
      [Symbol.asyncDispose]: async () => {
        for (const folder of folders) rmSync(folder, { recursive: true, force: true });
      },
    };
  }
}

const hashOfFile = (path: string): string =>
  existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "gone";

const plantIn = (folder: string): PlantedFile => {
  const path = join(folder, "secret");
  const token = `canary-${randomBytes(16).toString("hex")}`;
  writeFileSync(path, `${token}\n`, { mode: 0o644 });
  return { path, token, hash: hashOfFile(path) };
};

const traceOf = async (docker: Options["docker"], containerId: string): Promise<SandboxTraces> => {
  const nothing: SandboxTraces = { containerId, unseen: [], uid: undefined, cgroups: [], mounts: [] };
  const { State, Config, GraphDriver } = await docker.getContainer(containerId).inspect();
  const cgroups = cgroupFolders(State.Pid);
  // Of another machine, or another process namespace, the number would be somebody else's.
  if (!cgroups.some((folder) => folder.includes(containerId))) {
    return {
      ...nothing,
      unseen: ["processes, mounts, cgroups and sockets: the engine is not on this machine"],
    };
  }
  const data: unknown = GraphDriver?.Data;
  const merged =
    typeof data === "object" && data !== null && "MergedDir" in data && typeof data.MergedDir === "string"
      ? [data.MergedDir]
      : [];
  return { ...nothing, uid: Number.parseInt(Config.User, 10), cgroups, mounts: [containerId, ...merged] };
};

const problemsOf = async (
  docker: Options["docker"],
  files: readonly PlantedFile[],
  gone: readonly SandboxTraces[],
): Promise<string[]> => {
  const changed = files.filter(({ path, hash }) => hashOfFile(path) !== hash);
  const seen = gone.filter(({ unseen }) => unseen.length === 0);
  const processes = seen.length === 0 ? [] : hostProcesses();
  const [mounts, sockets] = seen.length === 0 ? ["", ""] : [mountTable(), unixSockets()];
  const known = await Promise.all(gone.map(({ containerId }) => isKnown(docker, containerId)));
  return [
    ...changed.map(({ path }) => `the planted file ${path} was changed`),
    ...gone
      .filter((_, index) => known[index])
      .map(({ containerId }) => `the engine still has ${containerId.slice(0, 12)}`),
    ...seen.flatMap((traces) => [
      ...processes
        .filter((process) => isOf(traces, process))
        .map(({ pid, command }) => `process ${pid} is left: ${command.slice(0, 80)}`),
      ...traces.mounts.filter((path) => mounts.includes(path)).map((path) => `a mount is left: ${path}`),
      ...traces.cgroups.filter((folder) => existsSync(folder)).map((folder) => `a cgroup is left: ${folder}`),
      ...(sockets.includes(traces.containerId) ? ["a socket is left"] : []),
    ]),
  ];
};

/**
 * A process of the sandbox's user, or for its container. Root is the host's too, and whatever is left of such a sandbox
 * keeps its cgroup there; other services on this engine give out the same numbers.
 */
const isOf = ({ uid, containerId }: SandboxTraces, process: HostProcess): boolean =>
  process.command.includes(containerId) ||
  (uid !== 0 && uid === process.uid && !isInAnother(process.pid, containerId));

const isKnown = async (docker: Options["docker"], containerId: string): Promise<boolean> => {
  try {
    await docker.getContainer(containerId).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
};

const toReport = (
  found: string[],
  files: readonly PlantedFile[],
  gone: readonly SandboxTraces[],
): CanaryReport => {
  const unseen = [...new Set(gone.flatMap((traces) => traces.unseen))];
  const compared = [
    `${files.length} planted files unchanged`,
    ...(gone.length > 0 ? [`${gone.length} containers gone`] : []),
    ...(gone.some((traces) => traces.unseen.length === 0)
      ? ["no process, mount, cgroup or socket left"]
      : []),
    ...unseen.map((what) => `not looked at: ${what}`),
  ];
  if (found.length === 0) return { ok: true, evidence: compared.join("; ") };
  const more = found.length > MAX_FOUND ? [`and ${found.length - MAX_FOUND} more`] : [];
  return { ok: false, evidence: [...found.slice(0, MAX_FOUND), ...more].join("; ") };
};
