/** What two executions of the same action came to, held against one another. */
import type { Execution } from "../../domain/execution.ts";
import type { ReceiptBody } from "../../domain/receipt.ts";
import type { Difference } from "../../domain/replay.ts";
import { nameOfFile, observedIn } from "../../integrity/observed.ts";

/** An execution as it is stored, and its receipt, which tells also what the store leaves out. */
export interface Told {
  execution: Execution;
  receipt: ReceiptBody;
}

/** Longer text is told by its hash. */
const SHORT = 200;

/** Everything that the code made; not how long it took, nor where it ran. */
export const differencesOf = (original: Told, replayed: Told): Difference[] => {
  const fields = fieldsOf(original);
  const others = fieldsOf(replayed);
  return [...new Set([...fields.keys(), ...others.keys()])].flatMap((field) => {
    const [a, b] = [fields.get(field), others.get(field)];
    return a?.is === b?.is ? [] : [{ field, original: a?.shown ?? null, replayed: b?.shown ?? null }];
  });
};

interface Field {
  /** What is compared. */
  is: string;
  shown: string;
}

const fieldsOf = ({ execution: { observation }, receipt }: Told): Map<string, Field> => {
  const { outcome, exitCode, outputs } = receipt;
  const kept = observedIn(observation).outputs;
  const text = (name: "stdout" | "stderr" | "results" | "skipped", stored: string): Field => {
    // Where a policy keeps it out of the store there is nothing to show but the hash.
    const shows = kept[name] === outputs[name] && stored.length <= SHORT;
    return { is: outputs[name], shown: shows ? stored : outputs[name] };
  };
  const { truncated } = outputs;
  return new Map([
    ["outcome", plain(outcome)],
    ["exitCode", plain(String(exitCode))],
    ["exception", plain(observation.evidence.reported?.exception ?? "none")],
    ["stdout", text("stdout", observation.stdoutBase64 ?? observation.stdout)],
    ["stderr", text("stderr", observation.stderrBase64 ?? observation.stderr)],
    ["truncated.stdout", plain(String(truncated.stdout))],
    ["truncated.stderr", plain(String(truncated.stderr))],
    ["results", text("results", JSON.stringify(observation.results))],
    ["outputs.skipped", text("skipped", JSON.stringify(observation.outputs.skipped))],
    ...outputs.files.map((file): [string, Field] => [
      `outputs.files[${nameOfFile(file)}]`,
      plain(file.sha256),
    ]),
  ]);
};

const plain = (value: string): Field => ({ is: value, shown: value });
