import { describe, expect, test } from "vitest";
import { toContainerSpec } from "../../../../src/docker/container/container-spec.ts";
import type { EngineSpec } from "../../../../src/docker/container/engine-spec.ts";
import { anImage, aPolicy } from "../../../support/builders.ts";

const programs = {
  tier: Buffer.from("tier"),
  closing: Buffer.from("closing"),
  numbers: { sendmsg: 46, seccomp: 317 },
};
const host = {
  instance: "i1",
  cpuset: "1",
  uid: 20_007,
  seccompProfile: '{"x":1}',
  programs,
  orphanMs: 60_000,
};
const rightsOf = ({ Cmd }: EngineSpec): unknown =>
  JSON.parse(Buffer.from(Cmd?.at(-1) ?? "", "base64").toString());
const build = (policy = aPolicy()) =>
  toContainerSpec({ id: "sbx_1", tenant: "t1", image: anImage(), policy }, host);

/** Each row: what must hold of every container, and why a change here is a change of the threat model. */
const layers: [string, (spec: ReturnType<typeof build>) => unknown, unknown][] = [
  ["no network", ({ HostConfig }) => HostConfig.NetworkMode, "none"],
  ["no shared memory or semaphores with anybody", ({ HostConfig }) => HostConfig.IpcMode, "none"],
  ["own cgroup namespace", ({ HostConfig }) => HostConfig.CgroupnsMode, "private"],
  ["not privileged", ({ HostConfig }) => HostConfig.Privileged, false],
  ["read-only root", ({ HostConfig }) => HostConfig.ReadonlyRootfs, true],
  ["no capability", ({ HostConfig }) => [HostConfig.CapDrop, HostConfig.CapAdd], [["ALL"], undefined]],
  [
    "our own seccomp profile and no new privileges",
    ({ HostConfig }) => HostConfig.SecurityOpt,
    ["no-new-privileges:true", 'seccomp={"x":1}'],
  ],
  ["not root, and an own uid", ({ User }) => User, "20007:20007"],
  ["memory", ({ HostConfig }) => HostConfig.Memory, 512 * 2 ** 20],
  ["no swap", ({ HostConfig }) => HostConfig.MemorySwap, 512 * 2 ** 20],
  ["processes", ({ HostConfig }) => HostConfig.PidsLimit, 64],
  ["cores", ({ HostConfig }) => HostConfig.CpusetCpus, "1"],
  [
    "the kernel takes sandboxes first when the host is out of memory",
    ({ HostConfig }) => HostConfig.OomScoreAdj,
    500,
  ],
  ["no output on the host's disk", ({ HostConfig }) => HostConfig.LogConfig?.Type, "none"],
  [
    "nothing of the host mounted",
    ({ HostConfig }) => [HostConfig.Binds, HostConfig.Mounts, HostConfig.Devices],
    [undefined, undefined, undefined],
  ],
  ["no restart", ({ HostConfig }) => HostConfig.RestartPolicy, { Name: "no" }],
  ["no health check that runs commands", ({ Healthcheck }) => Healthcheck, { Test: ["NONE"] }],
  ["the runtime of the policy", ({ HostConfig }) => HostConfig.Runtime, "runc"],
  ["its launcher outlives a stream", ({ OpenStdin, StdinOnce }) => [OpenStdin, StdinOnce], [true, false]],
  ["ends when the service stays away", ({ Cmd }) => Cmd?.slice(0, 3), ["--orphan-ms", "60000", "--rights"]],
  ["no terminal", ({ Tty }) => Tty, false],
  ["the image by digest", ({ Image }) => Image, anImage().digest],
  ["nothing of the host's environment", ({ Env }) => Env, ["PYTHONHASHSEED=0", "PYTHON_CPU_COUNT=1"]],
];

describe("toContainerSpec", () => {
  test.each(layers)("%s", (_, pick, expected) => {
    expect(pick(build())).toEqual(expected);
  });

  test("every writable folder is a tmpfs with a size, inodes, and neither code, devices nor setuid", () => {
    const mounts = Object.entries(build().HostConfig.Tmpfs ?? {});
    expect(mounts.map(([path]) => path)).toEqual(["/workspace", "/tmp", "/dev/shm"]);
    for (const [, options] of mounts) {
      for (const option of ["nosuid", "nodev", "noexec", "size=64m", "nr_inodes=8192"]) {
        expect(options.split(",")).toContain(option);
      }
    }
  });

  test("core dumps, locked memory and message queues are off; files and descriptors are bounded", () => {
    const ulimits = Object.fromEntries(
      (build().HostConfig.Ulimits ?? []).map(({ Name, Hard }) => [Name, Hard]),
    );
    expect(ulimits).toEqual({
      core: 0,
      nofile: 1024,
      fsize: 64 * 2 ** 20,
      memlock: 0,
      msgqueue: 0,
      rtprio: 0,
    });
  });

  test.each(["/proc/kcore", "/proc/keys", "/proc/kallsyms", "/sys/firmware", "/dev/mqueue"])(
    "%s is masked",
    (path) => {
      expect(build().HostConfig.MaskedPaths).toContain(path);
    },
  );

  test("labels tell instance, sandbox, tenant and policy", () => {
    const policy = aPolicy();
    expect(build(policy).Labels).toEqual({
      "io.cloche.instance": "i1",
      "io.cloche.sandbox": "sbx_1",
      "io.cloche.tenant": "t1",
      "io.cloche.policy": policy.digest,
    });
  });

  test("what each cell puts on itself reaches the launcher", () => {
    const { landlock } = aPolicy();
    expect(rightsOf(build())).toEqual({
      landlock,
      seccomp: {
        tier: Buffer.from("tier").toString("base64"),
        closing: Buffer.from("closing").toString("base64"),
        numbers: programs.numbers,
      },
      limits: { RLIMIT_CORE: 0, RLIMIT_NOFILE: 1024, RLIMIT_FSIZE: 64 * 2 ** 20 },
      dumpable: false,
      cells: false,
      clock: null,
    });
  });

  test("hash order and the instant at which clocks stand still are the policy's", () => {
    const determinism = { seed: null, hashSeed: 42, clock: "2024-02-29T12:00:00Z" };
    const spec = build(aPolicy({ determinism }));
    expect(spec.Env).toContain("PYTHONHASHSEED=42");
    expect(rightsOf(spec)).toMatchObject({ clock: Date.UTC(2024, 1, 29, 12) });
  });

  test("every limit of the policy reaches the engine", () => {
    const limits = {
      ...aPolicy().limits,
      cpus: 2,
      memoryMiB: 1000,
      processes: 33,
      openFiles: 99,
      fileSizeMiB: 7,
      workspaceMiB: 11,
      tmpMiB: 12,
      sharedMemoryMiB: 13,
      inodes: 777,
    };
    const text = JSON.stringify(build(aPolicy({ limits })));
    for (const part of [
      1000 * 2 ** 20,
      ":33,",
      ":99}",
      7 * 2 ** 20,
      "size=11m",
      "size=12m",
      "size=13m",
      "nr_inodes=777",
      "COUNT=2",
    ]) {
      expect(text).toContain(String(part));
    }
  });
});
