/** A proof as SARIF 2.1.0: a rule for each attempt, a result for each that got out or showed nothing. */
import type { AttemptResult, Proof } from "../../../domain/proof.ts";

const levels = { escaped: "error", inconclusive: "warning" } as const;

const isFinding = (attempt: AttemptResult): attempt is AttemptResult & { verdict: keyof typeof levels } =>
  attempt.verdict in levels;

export const toSarif = (proofs: readonly Proof[]) => ({
  $schema: "https://json.schemastore.org/sarif-2.1.0.json",
  version: "2.1.0",
  runs: proofs.map(toRun),
});

const toRun = (proof: Proof) => ({
  tool: { driver: { name: "cloche prove", rules: proof.attempts.map(toRule) } },
  automationDetails: { id: `${proof.policy.name}/${proof.id}` },
  invocations: [{ executionSuccessful: proof.status === "finished", startTimeUtc: proof.createdAt }],
  properties: {
    policy: proof.policy,
    image: proof.image,
    tier: proof.tier,
    runtime: proof.runtime,
    host: proof.host,
    summary: proof.summary,
  },
  results: proof.attempts.flatMap((attempt, ruleIndex) =>
    isFinding(attempt) ? [toResult(attempt, ruleIndex, proof)] : [],
  ),
});

const toRule = ({ id, name, title, class: kind, techniques, defences }: AttemptResult) => ({
  id: ruleId(id),
  name,
  shortDescription: { text: title },
  helpUri: `https://attack.mitre.org/techniques/${(techniques[0] ?? "").replace(".", "/")}/`,
  properties: { tags: [kind, ...techniques.map((technique) => `attack/${technique}`)], defences },
});

const toResult = (
  {
    id,
    name,
    verdict,
    evidence,
    control,
    cleanRun,
    canary,
    denied,
  }: AttemptResult & { verdict: keyof typeof levels },
  ruleIndex: number,
  { policy }: Proof,
) => ({
  ruleId: ruleId(id),
  ruleIndex,
  level: levels[verdict],
  message: { text: `${name} ${verdict}: ${evidence}` },
  locations: [
    {
      physicalLocation: { artifactLocation: { uri: `policies/${policy.name}.yaml` } },
      logicalLocations: [{ name: policy.name, kind: "resource" }],
    },
  ],
  partialFingerprints: { attempt: `${policy.name}/${name}` },
  properties: { control, cleanRun, canary, denied },
});

const ruleId = (id: number) => `CLOCHE-A${String(id).padStart(3, "0")}`;
