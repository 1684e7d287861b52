import type { ExecutionHead, Timings } from "../../domain/execution.ts";
import type { Observation } from "../../domain/observation.ts";
import type { RedactablePart } from "../../domain/policy.ts";
import type { ReceiptBody } from "../../domain/receipt.ts";
import { canonicalJson } from "../../integrity/canonical-json.ts";
import { observedIn } from "../../integrity/observed.ts";
import type { Clock } from "../ports/clock.ts";
import type { SandboxFacts } from "../ports/runtime.ts";
import type { Signer } from "../ports/signer.ts";
import type { StoredReceipt } from "../ports/stores.ts";
import type { Asked } from "./asked.ts";

export interface ReceiptsDependencies {
  signer: Signer;
  clock: Pick<Clock, "now">;
}

/** An execution that has ended, seen whole: before anything of it is left out of the store. */
export interface Ended {
  tenant: string;
  head: ExecutionHead;
  asked: Asked;
  /** undefined where nothing ran. */
  sandbox: { id: string; facts: SandboxFacts | undefined } | undefined;
  observation: Observation;
  timings: Timings;
  /** What the policy keeps out of store and receipt. */
  dropped: readonly RedactablePart[];
}

/** Says what ran, under what, and what came of it, and signs it. */
export class Receipts {
  readonly #signer: Signer;
  readonly #clock: Pick<Clock, "now">;

  constructor({ signer, clock }: ReceiptsDependencies) {
    this.#signer = signer;
    this.#clock = clock;
  }

  /** As it is stored and answered: canonical JSON as a whole, so that the text of the body is in it as it was signed. */
  issue(ended: Ended): StoredReceipt {
    const body = canonicalJson(toBody(ended, this.#clock.now()));
    const signature = canonicalJson({
      algorithm: "Ed25519",
      keyId: this.#signer.keyId,
      value: this.#signer.sign(Buffer.from(body)).toString("base64"),
    });
    return `{"body":${body},"signature":${signature}}` as StoredReceipt;
  }
}

const toBody = (
  { tenant, head, asked, sandbox, observation, timings, dropped }: Ended,
  finishedAt: number,
): ReceiptBody => {
  const { action, session, tier } = head;
  return {
    version: 1,
    execution: head.id,
    tenant,
    session: session
      ? { id: session.id, sequence: session.sequence, interpreter: session.interpreter }
      : null,
    startedAt: new Date(finishedAt - timings.runMs).toISOString(),
    finishedAt: new Date(finishedAt).toISOString(),
    action: { kind: action.kind, code: `sha256:${action.sha256}`, inputs: asked.inputs },
    image: { name: action.image.name, digest: action.image.digest },
    policy: { name: action.policy.name, digest: action.policy.digest },
    isolation: {
      tier,
      runtime: asked.runtime,
      controls: { ...sandbox?.facts?.controls },
      host: sandbox?.facts?.host ?? { kernel: "", engine: "", runtime: "" },
      sandbox: sandbox?.id ?? "",
    },
    limits: { ...asked.limits },
    ...observedIn(observation, { paths: !dropped.includes("outputs") }),
  };
};
