/**
 * One throwaway locked-down container. Its states: creating -> warm -> leased -> dirty -> gone; one
 * that fails on the way goes straight to gone. Of tier `cell` it goes from dirty to wiped, where nothing was found
 * to be left, and is leased again to the same tenant. What was leased is never warm again.
 */
import { z } from "zod";
import type { Control } from "./controls.ts";
import type { Policy } from "./policy.ts";

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
  /** What the first confined child says of itself, before any code can have come. */
  cell: z.strictObject({
    filters: z.int().meta({ description: "System call filters on it" }),
    filtersOfLauncher: z.int(),
    landlock: z.boolean(),
    scope: z.array(z.enum(["signal", "abstract_unix_socket"])),
    dumpable: z.boolean(),
    openFiles: z.int(),
    fileBytes: z.number(),
    coreBytes: z.number(),
    reportsDenied: z.boolean().meta({ description: "The kernel asks the launcher about denied calls" }),
  }),
});
export type Hello = z.infer<typeof helloSchema>;

const MiB = 1024 * 1024;

/** The tier's, and the one that closes what was open until it was put on. */
const FILTERS_OF_A_CELL = 2;

const inForce: Record<Control, (hello: Hello, policy: Policy) => boolean> = {
  seccomp: ({ controls }) => controls.seccomp === 2,
  syscall_tier: ({ cell }) => cell.filters === cell.filtersOfLauncher + FILTERS_OF_A_CELL,
  landlock: ({ controls, cell }) => controls.landlock > 0 && cell.landlock,
  landlock_scope: ({ cell }, { landlock }) => landlock.scope.every((name) => cell.scope.includes(name)),
  not_dumpable: ({ cell }) => !cell.dumpable,
  no_new_privileges: ({ controls }) => controls.noNewPrivileges,
  no_capabilities: ({ controls }) => controls.capabilities,
  non_root: ({ controls }) => controls.uid !== 0,
  read_only_root: ({ controls }) => controls.readOnlyRoot,
  no_network: ({ controls }) => isNoNetwork(controls.interfaces),
  memory: ({ controls }, { limits }) => controls.memoryBytes === limits.memoryMiB * MiB,
  no_swap: ({ controls }) => controls.swapBytes === 0,
  processes: ({ controls }, { limits }) => controls.processes === limits.processes,
  cpus: ({ controls }, { limits }) => controls.cpus.length === limits.cpus,
  file_limits: ({ cell }, { limits }) =>
    cell.openFiles === limits.openFiles &&
    cell.fileBytes === limits.fileSizeMiB * MiB &&
    cell.coreBytes === 0,
};

/** Whether these interfaces lead nowhere but to oneself. */
export const isNoNetwork = (interfaces: readonly string[]): boolean =>
  interfaces.every((name) => name === "lo" || isUnusedTunnel(name));

/** Some kernels put these into every new network namespace: down, without an address or a route. */
const isUnusedTunnel = (name: string) =>
  /^(tunl|gre|gretap|erspan|ip_vti|ip6_vti|sit|ip6tnl|ip6gre)\d+$/.test(name);

/** Which controls are in force: what a receipt says of the sandbox that a run had. */
export type ControlsInForce = Record<Control, boolean>;

export const controlsInForce = (hello: Hello, policy: Policy): ControlsInForce =>
  Object.fromEntries(
    Object.entries(inForce).map(([control, isInForce]) => [control, isInForce(hello, policy)]),
  ) as ControlsInForce;

/**
 * Returns the controls that the policy requires and that are not in force. Empty is the only good answer.
 * `leftOut` ones are not asked for.
 */
export const missingControls = (hello: Hello, policy: Policy, leftOut: readonly Control[] = []): Control[] =>
  policy.require.filter((control) => !leftOut.includes(control) && !inForce[control](hello, policy));
