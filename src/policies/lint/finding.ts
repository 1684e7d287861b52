/** One place where a policy is weak, as it is told. */
import { z } from "zod";
import { severities } from "./rule.ts";

const placeSchema = z.object({ file: z.string(), line: z.int() });

export const findingSchema = z
  .object({
    rule: z.string().meta({ example: "CLP034" }),
    name: z.string().meta({ example: "any-variable" }),
    severity: z.enum(severities),
    policy: z.string(),
    field: z.string().meta({ example: "environment.allow.0" }),
    message: z.string(),
    remedy: z.string(),
    standards: z.array(z.string()).readonly().meta({
      description: "CIS: CIS Docker Benchmark; NIST: SP 800-190; ASI: OWASP Top 10 for Agentic Applications",
    }),
    place: placeSchema,
    suppressed: z.string().nullable().meta({
      description: "Why it is meant to be so, as a comment in the file says; null: nobody says so",
    }),
    suppressedAt: placeSchema.nullable().meta({ description: "Where that comment is" }),
  })
  .meta({ id: "PolicyFinding" });
export type Finding = z.infer<typeof findingSchema>;
