/**
 * One throwaway locked-down container. Its states: creating -> warm -> leased -> dirty -> gone; one
 * that fails on the way goes straight to gone. It never goes back: what was leased is never warm again.
 */
import { z } from "zod";
import type { Control, Policy } from "./policy.ts";

/** What the launcher says when it is ready: facts seen from inside. */
export const helloSchema = z.strictObject({
  python: z.string(),
  preloaded: z.array(z.string()),
  readyMs: z.number(),
  orphanMs: z.int().meta({ description: "It ends after this long without a word from the service, ms" }),
  cgroup: z.union([z.literal(1), z.literal(2)]),
  controls: z.strictObject({
    uid: z.int(),
    seccomp: z.int(),
    noNewPrivileges: z.boolean(),
    capabilities: z.boolean().meta({ description: "True where there are none" }),
    readOnlyRoot: z.boolean(),
    landlock: z.int().meta({ description: "The kernel's Landlock version, 0 without" }),
    interfaces: z.array(z.string()),
    cpus: z.array(z.int()),
    memoryBytes: z.number().nullable(),
    swapBytes: z.number().nullable(),
    processes: z.number().nullable(),
  }),
});
export type Hello = z.infer<typeof helloSchema>;

const MiB = 1024 * 1024;

const inForce: Record<Control, (hello: Hello, policy: Policy) => boolean> = {
  seccomp: ({ controls }) => controls.seccomp === 2,
  no_new_privileges: ({ controls }) => controls.noNewPrivileges,
  no_capabilities: ({ controls }) => controls.capabilities,
  non_root: ({ controls }) => controls.uid !== 0,
  read_only_root: ({ controls }) => controls.readOnlyRoot,
  no_network: ({ controls }) => controls.interfaces.every((name) => name === "lo" || isUnusedTunnel(name)),
  memory: ({ controls }, { limits }) => controls.memoryBytes === limits.memoryMiB * MiB,
  no_swap: ({ controls }) => controls.swapBytes === 0,
  processes: ({ controls }, { limits }) => controls.processes === limits.processes,
  cpus: ({ controls }, { limits }) => controls.cpus.length === limits.cpus,
  landlock: ({ controls }) => controls.landlock > 0,
};

/** Some kernels put these into every new network namespace: down, without an address or a route. */
const isUnusedTunnel = (name: string) =>
  /^(tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre)\d+$/.test(name);

/** Returns the controls that the policy requires and that are not in force. Empty is the only good answer. */
export const missingControls = (hello: Hello, policy: Policy): Control[] =>
  policy.require.filter((control) => !inForce[control](hello, policy));
