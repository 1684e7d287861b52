/** A battery that says "held" whatever is missing would prove nothing: with one control left out, an attempt notices. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { beforeAll, describe, expect, test } from "vitest";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import { type Control, controlNames } from "../../src/domain/controls.ts";
import type { Image } from "../../src/domain/image.ts";
import { carrySteps } from "../../src/engine/proofs/carry-steps.ts";
import { systemClock } from "../../src/system-clock.ts";
import { aPolicy, policiesFolder } from "../support/builders.ts";
import { attemptNamed, noticedBy, threatModelFile, withTable } from "../support/false-confidence.ts";
import { FakeCanary } from "../support/proofs.ts";
import { docker } from "../support/service.ts";

const runtime = new DockerRuntime({
  docker: docker(),
  instance: "false-confidence-test",
  policiesFolder,
  orphanMs: 60_000,
  clock: systemClock,
});

let image: Image;
beforeAll(async () => {
  image = (await runtime.images()).find(({ name }) => name === "python") as Image;
});

/** Whether the attempt gets what it wants in a sandbox of the default policy without these controls. */
const gets = async (name: string, without: Control[]): Promise<{ reached: boolean; saw: string }> => {
  const canary = await new FakeCanary().plant();
  const policy = aPolicy({ require: [] });
  const { steps, last, traces } = await carrySteps(attemptNamed(name), {
    stage: { image, policy, without },
    mode: "attempt",
    deps: { runtime, canary, clock: systemClock },
    signal: new AbortController().signal,
  });
  await last?.close();
  await Promise.all(traces);
  return {
    reached: steps.some(({ statement }) => statement?.reached === true),
    saw: steps.map(({ statement, detail }) => statement?.saw ?? detail).join("; "),
  };
};

const pairs = controlNames.flatMap((control) => noticedBy[control].map((name) => ({ control, name })));

describe("with every control in force", () => {
  const names = [...new Set(pairs.map(({ name }) => name))];
  test.each(names)("%s gets nothing", async (name) => {
    const { reached, saw } = await gets(name, []);
    expect(reached, saw).toBe(false);
  });
});

describe("with one control left out", () => {
  /** On a machine with one core pinning takes nothing away. */
  const possible = pairs.filter(({ control }) => control !== "cpus" || availableParallelism() > 1);
  test.each(possible)("$name notices that $control is missing", async ({ control, name }) => {
    const { reached, saw } = await gets(name, [control]);
    expect(reached, saw).toBe(true);
  });
});

test("the table in docs/threat-model.md is this one", () => {
  const document = readFileSync(threatModelFile, "utf8");
  expect(withTable(document)).toBe(document);
});
