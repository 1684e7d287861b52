/** A control that the policy requires and that this host doesn't put in force: creation is refused. */
import { readFileSync } from "node:fs";
import type { ContainerCreateOptions } from "dockerode";
import { describe, expect, test } from "vitest";
import type { EngineSpec } from "../../src/docker/container/engine-spec.ts";
import { leaveOut } from "../../src/docker/container/leave-out.ts";
import { encodeRights, type Rights } from "../../src/docker/container/rights.ts";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import { type Control, controlNames } from "../../src/domain/controls.ts";
import { createSandboxId } from "../../src/domain/ids.ts";
import type { Image } from "../../src/domain/image.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { Slots } from "../../src/engine/admission/slots.ts";
import { Pool } from "../../src/engine/sandboxes/pool.ts";
import { systemClock } from "../../src/system-clock.ts";
import { aPolicy, policiesFolder, poolSettings } from "../support/builders.ts";
import { RecordedTelemetry } from "../support/recorded-telemetry.ts";
import { containersOf, docker } from "../support/service.ts";

/** Its own, so that what a killed run of this file left behind is not taken for ours. */
const INSTANCE = `required-controls-${process.pid}`;

/** Goes around the service: the engine is asked for less than it said. */
const spoil = (options: ContainerCreateOptions, control: Control): EngineSpec => {
  const [rights = ""] = options.Cmd?.slice(-1) ?? [];
  const made = {
    engine: options as EngineSpec,
    rights: JSON.parse(Buffer.from(rights, "base64").toString()) as Rights,
  };
  const spoilt = leaveOut(made, [control]);
  return { ...spoilt.engine, Cmd: [...(options.Cmd?.slice(0, -1) ?? []), encodeRights(spoilt.rights)] };
};

const runtimeWithout = (control: Control | undefined) => {
  const engine = docker();
  const create = engine.createContainer.bind(engine);
  engine.createContainer = (async (options: ContainerCreateOptions) =>
    await create(control ? spoil(options, control) : options)) as typeof engine.createContainer;
  return new DockerRuntime({
    docker: engine,
    instance: INSTANCE,
    policiesFolder,
    orphanMs: 60_000,
    clock: systemClock,
  });
};

const specFor = async (runtime: DockerRuntime, policy: Policy) => {
  const image = (await runtime.images()).find(({ name }) => name === "python") as Image;
  return { id: createSandboxId(Date.now()), tenant: "t", image, policy };
};

const create = async (runtime: DockerRuntime, policy: Policy, without: Control[] = []) =>
  await runtime.create({ ...(await specFor(runtime, policy)), without });

/** Some hosts lack the resource itself, so that taking the control away changes nothing to see. */
const hostHasSwap = async () => (await docker().info()).SwapLimit === true && swapTotal() > 0;

const swapTotal = () => Number(/^SwapTotal:\s+(\d+)/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0);

const complaintAbout = (control: Control) => `not in force: ${control}`;

describe("required controls", () => {
  test("control: with every layer in place creation succeeds and says so", async () => {
    const sandbox = await create(runtimeWithout(undefined), aPolicy({ require: controlNames }));
    expect(Object.values(sandbox.facts?.controls ?? {})).toEqual(controlNames.map(() => true));
    await sandbox.destroy();
  });

  test.each(controlNames)("without %s creation is refused and nothing is left", async (control) => {
    const creating = create(runtimeWithout(control), aPolicy({ require: [control] }));
    if (control === "no_swap" && !(await hostHasSwap())) {
      // There is no swap to take: the launcher reports 0 and the control is in force either way.
      await (await creating).destroy();
      return;
    }
    await expect(creating).rejects.toMatchObject({
      code: "runtime_unavailable",
      message: expect.stringContaining(complaintAbout(control)),
    });
    expect(await containersOf(INSTANCE)).toEqual([]);
  });

  test.each(controlNames)("without %s no pool gets warm either", async (control) => {
    if (control === "no_swap" && !(await hostHasSwap())) return;
    const runtime = runtimeWithout(control);
    const { image, policy } = await specFor(runtime, aPolicy({ require: [control] }));
    const pool = new Pool(
      { ...poolSettings({ target: 1, maxFailures: 1, stoppedMs: 60_000 }), image, policy, tenant: "t" },
      {
        runtime,
        clock: systemClock,
        telemetry: new RecordedTelemetry(),
        creates: new Slots(1),
        onFault: () => {},
      },
    );
    pool.fill();
    await pool.attempted();
    const status = pool.status();
    await pool.close();
    expect(status).toMatchObject({
      warm: 0,
      state: "stopped",
      reason: expect.stringContaining(complaintAbout(control)),
    });
    expect(await containersOf(INSTANCE)).toEqual([]);
  });

  test.each(controlNames)(
    "%s can be left out by who asks for that, and is then seen to be missing",
    async (control) => {
      const sandbox = await create(runtimeWithout(undefined), aPolicy({ require: controlNames }), [control]);
      const isInForce = sandbox.facts?.controls[control];
      await sandbox.destroy();
      expect(isInForce).toBe(control === "no_swap" && !(await hostHasSwap()));
    },
  );
});
