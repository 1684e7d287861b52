/** What one of Cloche's containers costs the engine alone: created, started, killed, removed; nothing runs in it. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { toContainerSpec } from "../src/docker/container/container-spec.ts";
import { loadSeccompProfile } from "../src/docker/container/seccomp-profile.ts";
import type { Image } from "../src/domain/image.ts";
import type { Policy } from "../src/domain/policy.ts";
import { loadPolicies } from "../src/engine/catalog/load-policies.ts";

const policiesFolder = join(import.meta.dirname, "..", "policies");
const benchUid = 19_999;

/** Longer than any bench. */
const ORPHAN_MS = 3_600_000;

/** Returns a function that takes one container, with the spec of Cloche's own, through its life. */
export async function prepareRawContainer(docker: Docker, image: Image): Promise<() => Promise<void>> {
  const policy = loadDefaultPolicy();
  const { Architecture, NCPU } = await docker.info();
  const seccompProfile = loadSeccompProfile(policiesFolder, policy.syscalls, Architecture);
  let created = 0;
  return async () => {
    const cpuset = String(created++ % NCPU);
    const spec = toContainerSpec(
      { id: `sbx_bench${randomBytes(8).toString("hex")}`, tenant: "bench", image, policy },
      { instance: "bench", cpuset, uid: benchUid, seccompProfile, orphanMs: ORPHAN_MS },
    );
    const container = await docker.createContainer(spec);
    await container.start();
    await container.remove({ force: true, v: true });
  };
}

function loadDefaultPolicy(): Policy {
  const policy = loadPolicies(policiesFolder).find(({ name }) => name === "default");
  if (policy === undefined) throw new Error(`${policiesFolder} has no policy named default`);
  return policy;
}
