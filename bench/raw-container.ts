/** What one of Cloche's containers costs the engine alone: created, started, killed, removed; nothing runs in it. */
import { join } from "node:path";
import type Docker from "dockerode";
import { toContainerSpec } from "../src/docker/container/container-spec.ts";
import { EngineFactsSource } from "../src/docker/container/engine-facts.ts";
import { HostFactsSource } from "../src/docker/container/host-facts.ts";
import { createSandboxId } from "../src/domain/ids.ts";
import type { Image } from "../src/domain/image.ts";
import type { Policy } from "../src/domain/policy.ts";
import type { SandboxSpec } from "../src/engine/ports/runtime.ts";
import { loadPolicies } from "../src/policies/load-policies.ts";

const policiesFolder = join(import.meta.dirname, "..", "policies");

/** Longer than any bench. */
const ORPHAN_MS = 3_600_000;

/** Returns a function that takes one container, with the spec of Cloche's own, through its life. */
export async function prepareRawContainer(docker: Docker, image: Image): Promise<() => Promise<void>> {
  const policy = loadDefaultPolicy();
  const engine = await new EngineFactsSource(docker).get();
  const host = new HostFactsSource(policiesFolder);
  return async () => {
    const spec: SandboxSpec = { id: createSandboxId(Date.now()), tenant: "bench", image, policy };
    const facts = { ...host.of(spec, engine), instance: "bench", orphanMs: ORPHAN_MS };
    const container = await docker.createContainer(toContainerSpec(spec, facts));
    await container.start();
    await container.remove({ force: true, v: true });
    host.free(spec.id);
  };
}

function loadDefaultPolicy(): Policy {
  const policy = loadPolicies(policiesFolder).find(({ name }) => name === "default");
  if (policy === undefined) throw new Error(`${policiesFolder} has no policy named default`);
  return policy;
}
