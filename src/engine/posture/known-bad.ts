/** Reads policies/posture/known-bad.yaml, and tells which of it a version is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type Posture, type PostureFinding, severities } from "../../domain/posture.ts";
import { compareVersions, isDistributionBuild, parseVersion } from "./versions.ts";

const versionSchema = z
  .string()
  .refine((text) => parseVersion(text) !== undefined, "must be a version, such as 1.2.8");

const knownBadSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case letters, digits and dashes"),
  component: z.enum(["engine", "containerd", "runc", "kernel"]),
  /** From the first one on, below the second one. */
  affected: z.array(z.strictObject({ from: versionSchema.optional(), before: versionSchema })).min(1),
  /** Builds of distributions that have the fix, by how their version begins. */
  fixedBuilds: z.array(z.string().min(1)).default([]),
  /** It takes this on the host; without it the finding is not made. */
  onlyWith: z.enum(["authorization_plugins"]).optional(),
  severity: z.enum(severities),
  message: z.string().min(1),
  references: z.array(z.string()).min(1),
  remedy: z.string().min(1),
});
export type KnownBad = z.infer<typeof knownBadSchema>;

const fileSchema = z.strictObject({ knownBad: z.array(knownBadSchema) });

/** Throws an Error that names the file and the field. */
export const loadKnownBad = (policiesFolder: string): KnownBad[] => {
  const name = "policies/posture/known-bad.yaml";
  const file = join(policiesFolder, "posture", "known-bad.yaml");
  const result = fileSchema.safeParse(parse(readFileSync(file, "utf8"), { uniqueKeys: true }));
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
  return result.data.knownBad;
};

/** Whether this version of a component can be held against what is known to be bad. */
export const isReadable = (version: string | null): version is string =>
  version !== null && parseVersion(version) !== undefined;

/** What is known of this version of a component. */
export const findingsOf = (
  component: KnownBad["component"],
  version: string,
  knownBad: KnownBad[],
): PostureFinding[] =>
  knownBad
    .filter((bad) => bad.component === component)
    .filter(({ fixedBuilds }) => !fixedBuilds.some((build) => version.startsWith(build)))
    .filter(({ affected }) =>
      affected.some(({ from, before }) => !isBelow(version, from) && isBelow(version, before)),
    )
    .map((bad) => toFinding(bad, version));

const isBelow = (text: string, bound: string | undefined): boolean => {
  const [version, limit] = [parseVersion(text), parseVersion(bound ?? "")];
  return version !== undefined && limit !== undefined && compareVersions(version, limit) < 0;
};

const toFinding = ({ id, severity, message, references, remedy }: KnownBad, text: string): PostureFinding => {
  if (!isDistributionBuild(text)) return { id, severity, message: `${text}: ${message}`, references, remedy };
  const hint =
    "This is a distribution's build, which may have the fix under its old number: ask its changelog.";
  return {
    id,
    severity: severity === "error" ? "warning" : severity,
    message: `${text}: ${message} ${hint}`,
    references,
    remedy,
  };
};

/** Nobody can say that it has its fixes: `patched` does not take it. */
export const unknownVersion = (
  component: string,
  version: string | null,
  minimum: Posture["minimum"],
): PostureFinding => ({
  id: `${component}-version-unknown`,
  severity: minimum === "patched" ? "error" : "warning",
  message:
    version === null
      ? `The engine does not tell the version of ${component}, so nothing says whether it has known holes.`
      : `The version of ${component}, ${JSON.stringify(version)}, cannot be compared with what is known to be bad.`,
  references: [],
  remedy: `Find out by hand whether this ${component} has its security fixes. Where the minimum is patched, a version that can be read is needed, or no policy that runs under it.`,
});
