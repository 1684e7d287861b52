/** Rules about sizes, times, what runs, and what is kept of it. */
import type { Limits } from "../../domain/policy.ts";
import type { LintRule } from "./rule.ts";

/** Above these a single run can be felt by what else the host does. */
const huge: Partial<Limits> = {
  wallMs: 600_000,
  cpuMs: 1_200_000,
  cpus: 16,
  memoryMiB: 16_384,
  processes: 1024,
  openFiles: 65_536,
  inodes: 1_000_000,
  outputBytes: 33_554_432,
};

/** Below these, usual programs fail in ways that nobody understands. */
const tiny: Partial<Limits> = { tmpMiB: 8, workspaceMiB: 4, inodes: 256, openFiles: 160, processes: 12 };

const entries = (bounds: Partial<Limits>) => Object.entries(bounds) as [keyof Limits, number][];

export const boundRules: readonly LintRule[] = [
  {
    id: "CLP040",
    name: "huge-limit",
    severity: "warning",
    summary: "A limit is so high that one run can be felt by the others",
    remedy: "Lower it to what the work needs; a limit is there to be met",
    standards: ["CIS 5.11", "CIS 5.12", "CIS 5.19", "CIS 5.29", "NIST 4.4.3", "ASI08"],
    check: ({ policy: { limits } }) =>
      entries(huge)
        .filter(([name, most]) => limits[name] > most)
        .map(([name, most]) => ({ path: ["limits", name], message: `${limits[name]} is more than ${most}` })),
  },
  {
    id: "CLP041",
    name: "tiny-limit",
    severity: "note",
    summary: "A limit is so low that usual programs fail",
    remedy: "Raise it, or say why in a comment",
    standards: [],
    check: ({ policy: { limits } }) =>
      entries(tiny)
        .filter(([name, least]) => limits[name] < least)
        .map(([name, least]) => ({
          path: ["limits", name],
          message: `${limits[name]} is less than ${least}`,
        })),
  },
  {
    id: "CLP042",
    name: "cell-on-shared-kernel",
    severity: "note",
    summary: "Cells of one container share the host's kernel too",
    remedy: "isolation.runtime: runsc puts gVisor between them and the host",
    standards: ["NIST 4.5.2"],
    check: ({ policy: { isolation } }) =>
      isolation.tier === "cell" && ["runc", "crun"].includes(isolation.runtime)
        ? [{ path: ["isolation", "tier"], message: `the tier is cell, on ${isolation.runtime}` }]
        : [],
  },
  {
    id: "CLP043",
    name: "cell-without-seed",
    severity: "note",
    summary: "Runs for rewards differ from one another without a reason",
    remedy: "Say a determinism.seed: the same candidate then gets the same reward",
    standards: [],
    check: ({ policy: { isolation, determinism } }) =>
      isolation.tier === "cell" && determinism.seed === null
        ? [{ path: ["determinism", "seed"], message: "the tier is cell, and there is no seed" }]
        : [],
  },
  {
    id: "CLP044",
    name: "kept-without-end",
    severity: "note",
    summary: "Executions are kept for as long as the service keeps any",
    remedy: "Say retention.hours where what is printed is not for everybody",
    standards: ["ASI03"],
    check: ({ policy: { retention } }) =>
      retention.hours === null
        ? [{ path: ["retention", "hours"], message: "there is no end of its own" }]
        : [],
  },
  {
    id: "CLP045",
    name: "image-not-known",
    severity: "warning",
    summary: "An image is not one of those that are built here, by name, and pinned by their digest",
    remedy: "Name an image of the folder sandbox-images",
    standards: ["CIS 5.28", "NIST 4.1.5", "ASI04"],
    check: ({ policy: { images } }, { images: known }) =>
      images.flatMap((name, i) => {
        const path = ["images", i];
        if (/[:/@]/.test(name)) return [{ path, message: `${name} is a reference to a registry` }];
        return known && !known.includes(name) ? [{ path, message: `there is no image ${name}` }] : [];
      }),
  },
];
