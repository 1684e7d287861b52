import type Dockerode from "dockerode";
import { describe, expect, test } from "vitest";
import { DockerHost } from "../../../../src/docker/posture/docker-host.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const version = {
  Version: "20.10.24+dfsg1",
  ApiVersion: "1.41",
  KernelVersion: "6.18.44",
  Components: [
    { Name: "Engine", Version: "20.10.24+dfsg1", Details: {} },
    { Name: "containerd", Version: "1.6.20~ds1", Details: { GitCommit: "1.6.20~ds1-1+deb12u3" } },
    { Name: "runc", Version: "1.1.5+ds1", Details: { GitCommit: "1.1.5+ds1-1+deb12u1" } },
  ],
};
const info = {
  Architecture: "x86_64",
  CgroupVersion: "1",
  CgroupDriver: "cgroupfs",
  LiveRestoreEnabled: true,
  MemoryLimit: true,
  SwapLimit: false,
  PidsLimit: true,
  Runtimes: { runc: { path: "runc" }, runsc: { path: "/x" }, "io.containerd.runc.v2": { path: "runc" } },
  SecurityOptions: ["name=seccomp,profile=default", "name=apparmor"],
  Plugins: { Authorization: null },
};

const aHost = (changed: object = {}, versions: object = {}) => {
  const docker = {
    version: async () => ({ ...version, ...versions }),
    info: async () => ({ ...info, ...changed }),
  };
  return new DockerHost(docker as unknown as Dockerode, new ManualClock());
};

describe("what the engine tells of its host", () => {
  test("its parts, with the versions of a distribution's packages", async () => {
    expect(await aHost().look()).toEqual({
      engine: { version: "20.10.24+dfsg1", api: "1.41", rootless: false, liveRestore: true },
      runtimes: { runc: "1.1.5+ds1-1+deb12u1", runsc: null },
      containerd: "1.6.20~ds1-1+deb12u3",
      kernel: { version: "6.18.44", machine: "x86_64" },
      cgroup: { version: "1", driver: "cgroupfs" },
      userNamespaces: "not_remapped",
      appArmor: true,
      seLinux: false,
      bounds: { memory: true, swap: false, processes: true },
      authorizationPlugins: [],
    });
  });

  test("a commit is no version", async () => {
    const Components = [{ Name: "runc", Version: "1.3.4", Details: { GitCommit: "v1.3.4-0-gd6d73eb" } }];
    expect((await aHost({}, { Components }).look()).runtimes["runc"]).toBe("1.3.4");
  });

  test.each([
    [["name=rootless"], { userNamespaces: "remapped", engine: { rootless: true } }],
    [["name=userns"], { userNamespaces: "remapped", engine: { rootless: false } }],
    [["name=selinux"], { seLinux: true, appArmor: false }],
  ])("%j", async (SecurityOptions, seen) => {
    expect(await aHost({ SecurityOptions }).look()).toMatchObject(seen);
  });

  test.each([
    ["no answer", {}, { version: async () => Promise.reject(new Error("connect ENOENT")) }],
    ["another answer than an engine's", { CgroupDriver: 1 }, {}],
  ])("%s: nothing is known", async (_, changed, methods) => {
    const docker = { version: async () => version, info: async () => ({ ...info, ...changed }), ...methods };
    const host = new DockerHost(docker as unknown as Dockerode, new ManualClock());
    await expect(host.look()).rejects.toMatchObject({ code: "runtime_unavailable" });
  });

  test("an engine that hangs is as good as none", async () => {
    const clock = new ManualClock();
    const docker = { version: () => new Promise(() => {}), info: () => new Promise(() => {}) };
    const look = new DockerHost(docker as unknown as Dockerode, clock).look();
    const seen = expect(look).rejects.toMatchObject({ code: "runtime_unavailable" });
    await clock.advance(3_000);
    await seen;
  });
});
