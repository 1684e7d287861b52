import { describe, expect, test } from "vitest";
import { toContainerSpec } from "../../../../src/docker/container/container-spec.ts";
import { withDependents } from "../../../../src/docker/container/leave-out.ts";
import { toPrograms } from "../../../../src/docker/seccomp/program.ts";
import { type Control, controlNames } from "../../../../src/domain/controls.ts";
import { anImage, aPolicy } from "../../../support/builders.ts";

const policy = aPolicy();
const programs = toPrograms(policy.calls, "x86_64");
const host = {
  instance: "i1",
  cpuset: "1",
  uid: 20_007,
  seccompProfile: "{}",
  programs,
  orphanMs: 60_000,
};

const partsOf = (without: readonly Control[]) => {
  const spec = toContainerSpec({ id: "sbx_1", tenant: "t1", image: anImage(), policy, without }, host);
  const { Cmd = [], ...engine } = spec;
  const rights: object = JSON.parse(Buffer.from(Cmd.at(-1) ?? "", "base64").toString());
  return { ...engine.HostConfig, ...engine, ...rights } as Record<string, unknown>;
};

/** Names of what differs from a sandbox that has everything. */
const changedBy = (without: readonly Control[]) => {
  const [whole, part] = [partsOf([]), partsOf(without)];
  const names = Object.keys(whole).filter((name) => name !== "HostConfig");
  return names.filter((name) => JSON.stringify(whole[name]) !== JSON.stringify(part[name])).sort();
};

const changes: Record<Control, string[]> = {
  seccomp: ["SecurityOpt"],
  syscall_tier: ["seccomp"],
  landlock: ["landlock"],
  landlock_scope: ["landlock"],
  not_dumpable: ["dumpable"],
  no_new_privileges: ["SecurityOpt", "landlock", "seccomp"],
  no_capabilities: ["CapDrop"],
  non_root: ["Tmpfs", "User"],
  read_only_root: ["ReadonlyRootfs"],
  no_network: ["NetworkDisabled", "NetworkMode"],
  memory: ["Memory", "MemorySwap"],
  no_swap: ["MemorySwap"],
  processes: ["PidsLimit"],
  cpus: ["CpusetCpus"],
  file_limits: ["Ulimits", "limits"],
};

describe("leaving controls out", () => {
  test.each(controlNames)("%s: takes that out and nothing else", (control) => {
    expect(changedBy([control])).toEqual(changes[control]);
  });

  test("nothing left out changes nothing", () => {
    expect(changedBy([])).toEqual([]);
  });

  test("what can't be had without another one goes with it", () => {
    expect(withDependents(["landlock"])).toEqual(["landlock", "landlock_scope"]);
    expect(withDependents(["no_new_privileges"])).toContain("syscall_tier");
    expect(withDependents(["no_network"])).toEqual(["no_network"]);
  });
});
