/** What the launcher is told to put on each cell: the policy's part of the isolation that no engine knows of. */
import type { Policy } from "../../domain/policy.ts";
import type { Programs } from "../seccomp/program.ts";

const MiB = 1024 * 1024;

/** JSON, read by sandbox-images/launcher/rights.py; null: nothing of the kind is put on. */
export interface Rights {
  landlock: Policy["landlock"] | null;
  seccomp: { tier: string; closing: string; numbers: Programs["numbers"] } | null;
  /** Of each process, by their names in Python's `resource`. */
  limits: Record<string, number>;
  dumpable: boolean;
  /** The sandbox serves one cell after the other, so they are forked from what never saw another's bytes. */
  cells: boolean;
  /** The instant at which Python's clocks stand still, in ms since 1970. */
  clock: number | null;
}

export const toRights = (
  {
    isolation,
    landlock,
    limits,
    determinism,
  }: Pick<Policy, "isolation" | "landlock" | "limits" | "determinism">,
  { tier, closing, numbers }: Programs,
): Rights => ({
  landlock,
  seccomp: { tier: tier.toString("base64"), closing: closing.toString("base64"), numbers },
  limits: {
    RLIMIT_CORE: 0,
    RLIMIT_NOFILE: limits.openFiles,
    RLIMIT_FSIZE: limits.fileSizeMiB * MiB,
  },
  dumpable: false,
  cells: isolation.tier === "cell",
  clock: determinism.clock === "real" ? null : Date.parse(determinism.clock),
});

/** As one word of a command line. */
export const encodeRights = (rights: Rights): string =>
  Buffer.from(JSON.stringify(rights)).toString("base64");
