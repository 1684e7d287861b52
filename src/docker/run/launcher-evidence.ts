import type { z } from "zod";
import { evidenceSchema } from "../../domain/outcome.ts";
import type { DeniedCalls } from "../../domain/syscalls.ts";
import { type RawDenied, rawDeniedSchema } from "../seccomp/denied-calls.ts";

/** Evidence as a launcher says it: denied calls by number. */
export const launcherEvidenceSchema = evidenceSchema.extend({ denied: rawDeniedSchema });
export type LauncherEvidence = z.infer<typeof launcherEvidenceSchema>;

/** Knows the machine's names and the lines of the policy. */
export type NameDenied = (raw: RawDenied) => DeniedCalls;
