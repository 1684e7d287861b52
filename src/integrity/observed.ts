/** What a receipt says of an observation: the same for whoever makes one and for whoever checks it. */
import type { Observation } from "../domain/observation.ts";
import type { ReceiptBody, ReceiptFile } from "../domain/receipt.ts";
import { hashOfObserved, sha256 } from "./hash.ts";

type Observed = Pick<ReceiptBody, "outcome" | "exitCode" | "evidence" | "usage" | "outputs" | "denied">;

interface Told {
  /** Whether paths of files may be told; else there are their hashes. */
  paths: boolean;
}

export const observedIn = (observation: Observation, { paths }: Told = { paths: true }): Observed => {
  const { outcome, exitCode, evidence, usage, results, outputs, truncated, denied } = observation;
  return {
    outcome,
    exitCode,
    evidence: hashOfObserved(evidence),
    usage: { ...usage },
    outputs: {
      stdout: sha256(bytesOf(observation.stdout, observation.stdoutBase64)),
      stderr: sha256(bytesOf(observation.stderr, observation.stderrBase64)),
      results: hashOfObserved(results),
      files: outputs.files.map(({ path, bytes, text, base64 }) => ({
        ...(paths ? { path: path.toWellFormed() } : { pathSha256: sha256(path.toWellFormed()) }),
        bytes,
        sha256: sha256(bytesOf(text ?? "", base64)),
      })),
      skipped: hashOfObserved(outputs.skipped),
      truncated: { ...truncated },
    },
    denied: { reportedBy: denied.reportedBy, total: denied.total, digest: hashOfObserved(denied) },
  };
};

/** The same of a file whether a receipt tells its path or not. */
export const pathHashOf = (file: ReceiptFile): string =>
  "path" in file ? sha256(file.path) : file.pathSha256;

/** For people: the path, where it is told. */
export const nameOfFile = (file: ReceiptFile): string =>
  "path" in file ? JSON.stringify(file.path) : file.pathSha256;

/** Where there is base64, that is what came; the text beside it is for people. */
const bytesOf = (text: string, base64: string | undefined): string | Buffer =>
  base64 === undefined ? text : Buffer.from(base64, "base64");
