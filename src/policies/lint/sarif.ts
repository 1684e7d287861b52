/** Findings as SARIF 2.1.0, the format that code hosts read. */
import { sha256 } from "../../integrity/hash.ts";
import type { Finding } from "./finding.ts";
import { lintRules } from "./rules.ts";

export const toSarif = (findings: readonly Finding[]) => ({
  $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
  version: "2.1.0",
  runs: [
    {
      tool: {
        driver: {
          name: "cloche policy lint",
          rules: lintRules.map(({ id, name, severity, summary, remedy, standards }) => ({
            id,
            name,
            shortDescription: { text: summary },
            help: { text: remedy },
            defaultConfiguration: { level: severity },
            ...(standards.length > 0 ? { properties: { tags: standards } } : {}),
          })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: findings.map(toResult),
    },
  ],
});

const toResult = ({ rule, severity, policy, field, message, place, suppressed }: Finding) => ({
  ruleId: rule,
  ruleIndex: lintRules.findIndex(({ id }) => id === rule),
  level: severity,
  message: { text: `Policy ${policy}: ${message}` },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: encodeURI(place.file) },
        region: { startLine: place.line },
      },
      ...(field === "" ? {} : { logicalLocations: [{ fullyQualifiedName: `${policy}.${field}` }] }),
    },
  ],
  // Lines move; what is found stays what it is.
  partialFingerprints: { "clochePolicy/v1": sha256(`${rule} ${policy} ${field} ${message}`) },
  ...(suppressed === null ? {} : { suppressions: [{ kind: "inSource", justification: suppressed }] }),
});
