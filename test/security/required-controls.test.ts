/** A control that the policy requires and that this host doesn't put in force: creation is refused. */
import { readFileSync } from "node:fs";
import type { ContainerCreateOptions } from "dockerode";
import { describe, expect, test } from "vitest";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import { createSandboxId } from "../../src/domain/ids.ts";
import type { Image } from "../../src/domain/image.ts";
import { type Control, controlSchema } from "../../src/domain/policy.ts";
import { systemClock } from "../../src/system-clock.ts";
import { aPolicy, policiesFolder } from "../support/builders.ts";
import { containersOf, docker } from "../support/service.ts";

const INSTANCE = "required-controls-test";

/** Takes one layer out of what the engine is asked for, behind the service's back. */
type Remove = (options: ContainerCreateOptions) => void;

const remove: Record<Control, Remove> = {
  seccomp: ({ HostConfig }) => {
    if (HostConfig) HostConfig.SecurityOpt = ["no-new-privileges:true", "seccomp=unconfined"];
  },
  no_new_privileges: ({ HostConfig }) => {
    if (HostConfig?.SecurityOpt) HostConfig.SecurityOpt = HostConfig.SecurityOpt.slice(1);
  },
  no_capabilities: ({ HostConfig }) => {
    delete HostConfig?.CapDrop;
  },
  non_root: (options) => {
    options.User = "0:0";
    for (const [path, tmpfs] of Object.entries(options.HostConfig?.Tmpfs ?? {})) {
      if (options.HostConfig?.Tmpfs) options.HostConfig.Tmpfs[path] = tmpfs.replace(/,[ug]id=\d+/g, "");
    }
  },
  read_only_root: ({ HostConfig }) => {
    if (HostConfig) HostConfig.ReadonlyRootfs = false;
  },
  no_network: (options) => {
    options.NetworkDisabled = false;
    if (options.HostConfig) options.HostConfig.NetworkMode = "host";
  },
  memory: ({ HostConfig }) => {
    if (HostConfig) HostConfig.Memory = HostConfig.MemorySwap = 0;
  },
  no_swap: ({ HostConfig }) => {
    if (HostConfig) HostConfig.MemorySwap = -1;
  },
  processes: ({ HostConfig }) => {
    if (HostConfig) HostConfig.PidsLimit = 0;
  },
  cpus: ({ HostConfig }) => {
    if (HostConfig) HostConfig.CpusetCpus = "";
  },
  // As on a kernel without it: its calls fail.
  landlock: ({ HostConfig }) => {
    if (HostConfig?.SecurityOpt) {
      HostConfig.SecurityOpt = HostConfig.SecurityOpt.map((option: string) =>
        option.replace(/"landlock_\w+",?/g, ""),
      );
    }
  },
};

const createWithout = async (change: Remove, require: Control[]) => {
  const engine = docker();
  const create = engine.createContainer.bind(engine);
  engine.createContainer = (async (options: ContainerCreateOptions) => {
    change(options);
    return await create(options);
  }) as typeof engine.createContainer;
  const runtime = new DockerRuntime({
    docker: engine,
    instance: INSTANCE,
    policiesFolder,
    orphanMs: 60_000,
    clock: systemClock,
  });
  const image = (await runtime.images()).find(({ name }) => name === "python") as Image;
  const spec = { id: createSandboxId(Date.now()), tenant: "t", image, policy: aPolicy({ require }) };
  return await runtime.create(spec);
};

/** Some hosts lack the resource itself, so that taking the control away changes nothing to see. */
const hostHasSwap = async () => (await docker().info()).SwapLimit === true && swapTotal() > 0;

const swapTotal = () => Number(/^SwapTotal:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0);

const controls = Object.keys(remove) as (keyof typeof remove)[];

describe("required controls", () => {
  test("control: with every layer in place creation succeeds", async () => {
    const sandbox = await createWithout(() => {}, controls);
    await sandbox.destroy();
  });

  test.each(controls)("without %s creation is refused and nothing is left", async (control) => {
    if (control === "no_swap" && !(await hostHasSwap())) {
      // There is no swap to take: the launcher reports 0 and the control is in force either way.
      const sandbox = await createWithout(remove[control], [control]);
      await sandbox.destroy();
      return;
    }
    await expect(createWithout(remove[control], [control])).rejects.toMatchObject({
      code: "runtime_unavailable",
      // Without no_new_privileges Landlock refuses already, before the launcher can tell of it.
      message: expect.stringContaining(
        control === "no_new_privileges" ? "the sandbox did not get ready" : `not in force: ${control}`,
      ),
    });
    expect(await containersOf(INSTANCE)).toEqual([]);
  });

  test("this file removes every control there is", () => {
    expect([...controls].sort()).toEqual([...controlSchema.options].sort());
  });
});
