/** Two throwaway tenants at the service's door, for as long as a proof runs. */
import { randomBytes } from "node:crypto";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { TenantLimits } from "../../domain/tenant.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Keys } from "../tenants/keys.ts";
import { ATTACKED_TENANT, ATTACKING_TENANT } from "../tenants/reserved.ts";
import type { Attacker, AttackWorld } from "./service-attempts/attack-world.ts";

/** `target` is the path as it would come over the wire: nobody resolved or decoded anything in it. */
export type ServiceDoor = (target: string, init: RequestInit) => Promise<Response>;

interface WorldDependencies {
  catalog: Pick<Catalog, "lend">;
  keys: Pick<Keys, "lend">;
  service: ServiceDoor;
  clock: Clock;
}

/** Their bounds are small: an attempt at the service's queues must not be felt by anybody. */
export const proofTenantLimits: TenantLimits = {
  sandboxes: 4,
  queued: 4,
  requestsPerMinute: 600,
  cpuSecondsPerDay: null,
  bytesPerDay: null,
};

export const isProofTenant = (tenant: string): boolean =>
  tenant === ATTACKED_TENANT || tenant === ATTACKING_TENANT;

export const openWorld = (
  { policy, image }: { policy: Policy; image: Image },
  { catalog, keys, service, clock }: WorldDependencies,
): { world: Omit<AttackWorld, "tokens" | "signal"> } & Disposable => {
  const stack = new DisposableStack();
  const name = `proof-${randomBytes(10).toString("hex")}`;
  stack.use(catalog.lend({ ...policy, name }));
  const attacker = (tenant: string): Attacker => {
    const key = stack.use(keys.lend({ tenant, role: "submitter" }));
    return {
      tenant,
      ask: (target, init = {}) => {
        const headers = new Headers(init.headers);
        if (!headers.has("authorization")) headers.set("authorization", `Bearer ${key.secret.reveal()}`);
        return service(target, { ...init, headers });
      },
    };
  };
  const alice = attacker(ATTACKED_TENANT);
  const mallory = attacker(ATTACKING_TENANT);
  return {
    world: { alice, mallory, policy: name, image: image.name, clock },
    [Symbol.dispose]: () => stack.dispose(),
  };
};
