/** Steps of every subject in turn, in an order that chance decides anew for each round. */
import { setTimeout as sleep } from "node:timers/promises";
import { stopwatch } from "../stopwatch.ts";
import type { Subject } from "./subjects.ts";

export interface StepSamples {
  name: string;
  alone: number[];
  besideSpinner: number[];
}

const stepsAlone = 20;
const stepsBesideSpinner = 10;
/** The neighbour has to have begun. */
const spinUpMs = 100;

interface Options {
  rounds: number;
  signal: AbortSignal;
  onRound(): void;
}

export async function runStepRounds(
  subjects: readonly Subject[],
  { rounds, signal, onRound }: Options,
): Promise<StepSamples[]> {
  const all = subjects.map((subject) => {
    const samples: StepSamples = { name: subject.name, alone: [], besideSpinner: [] };
    return { subject, samples };
  });
  for (let round = -1; round < rounds; round += 1) {
    for (const { subject, samples } of shuffle(all)) {
      signal.throwIfAborted();
      samples.alone.push(...(await timeSteps(subject, stepsAlone)));
      const stop = await subject.spin();
      await sleep(spinUpMs);
      samples.besideSpinner.push(...(await timeSteps(subject, stepsBesideSpinner)));
      await stop();
    }
    // The first round warmed everything up and does not count.
    if (round < 0) for (const { samples } of all) samples.alone.length = samples.besideSpinner.length = 0;
    else onRound();
  }
  return all.map(({ samples }) => samples);
}

async function timeSteps(subject: Subject, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const elapsed = stopwatch();
    const printed = await subject.step("print(1)");
    samples.push(elapsed());
    if (printed !== "1\n") throw new Error(`${subject.name} printed ${JSON.stringify(printed)}, not 1`);
  }
  return samples;
}

const shuffle = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
