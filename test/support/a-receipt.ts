/** A finished execution with its receipt, and the key that signed it. */
import { createPublicKey, type KeyObject } from "node:crypto";
import type { Execution } from "../../src/domain/execution.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { observe } from "../../src/engine/executions/observe.ts";
import { type Ended, Receipts } from "../../src/engine/receipts/receipts.ts";
import { aHead, inSession } from "../unit/store/records.ts";
import { aSigner } from "./a-signer.ts";
import { anAsk } from "./builders.ts";
import { aReport, someFacts } from "./fake-runtime.ts";
import { ManualClock } from "./manual-clock.ts";

const sha = (digit: string) => digit.repeat(64);

export const anEnd = (change: Partial<Ended> = {}): Ended => {
  const report = aReport("out\n", { reported: { exception: "ValueError", errno: null } });
  report.stderr = Buffer.from([0xff, 0x00]);
  report.results = [{ forms: [{ mime: "text/plain", data: Buffer.from("42"), truncated: false }] }];
  report.outputs = {
    files: [
      { path: "a.txt", content: Buffer.from("é") },
      { path: "b.bin", content: Buffer.from([0xfe]) },
    ],
    skipped: [{ path: "c", reason: "too_large" }],
  };
  return {
    tenant: "t",
    head: {
      ...aHead("exe_1", inSession("ses_1")),
      action: {
        kind: "cell",
        sha256: sha("1"),
        image: { name: "python", digest: `sha256:${sha("2")}` },
        policy: { name: "default", digest: `sha256:${sha("3")}` },
      },
    },
    asked: anAsk().asked,
    sandbox: { id: "sbx_1", facts: someFacts() },
    observation: observe(report),
    timings: { queuedMs: 0, acquireMs: 0, runMs: 1.5, totalMs: 1.5 },
    dropped: [],
    ...change,
  };
};

export interface WithReceipt {
  execution: Execution;
  text: string;
  receipt: Receipt;
  key: KeyObject;
}

export const aReceiptOf = (ended: Ended = anEnd()): WithReceipt => {
  const signer = aSigner();
  const text = new Receipts({ signer, clock: new ManualClock() }).issue(ended);
  const { head, observation, timings } = ended;
  return {
    execution: { ...head, status: "finished", observation, timings },
    text,
    receipt: JSON.parse(text),
    key: createPublicKey(signer.publicKey),
  };
};
