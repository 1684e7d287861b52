/** policies/seccomp/traces/<image>.<machine>.yaml: what was traced, as it is kept. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type Part, parts } from "./corpus.ts";
import { seccompFolder } from "./paths.ts";
import type { Calls } from "./strace-output.ts";

const partSchema = z.strictObject({
  calls: z.array(z.string()).min(1),
  arguments: z.record(z.string(), z.array(z.string()).min(1)),
});
export type TracedCalls = z.infer<typeof partSchema>;

const traceSchema = z.strictObject({
  image: z.string(),
  machine: z.string(),
  python: z.string(),
  glibc: z.string(),
  kernel: z.string(),
  parts: z.record(z.enum(parts), partSchema),
});
export type ImageTrace = z.infer<typeof traceSchema>;

const tracesFolder = join(seccompFolder, "traces");

const HEADER = `# Made by npm run seccomp:trace: which calls the corpus in scripts/seccomp/corpus made. Do not edit.
# arguments: of the calls that a tier allows with certain arguments only, those that were seen.
`;

export const loadTraces = (): ImageTrace[] =>
  readdirSync(tracesFolder)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map((file) => traceSchema.parse(parse(readFileSync(join(tracesFolder, file), "utf8"))));

const renderTrace = (trace: ImageTrace): string => HEADER + stringify(trace, { lineWidth: 110 });

export const writeTrace = (trace: ImageTrace): void =>
  writeFileSync(join(tracesFolder, `${trace.image}.${trace.machine}.yaml`), renderTrace(trace));

export const toTracedCalls = (calls: Calls): TracedCalls => {
  const sorted = [...calls].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    calls: sorted.map(([name]) => name),
    arguments: Object.fromEntries(
      sorted.filter(([, seen]) => seen.size > 0).map(([name, seen]) => [name, [...seen].sort()]),
    ),
  };
};

/** All that any image's trace has of a part: a call's name, or a name with its arguments as "socket(0x1,0x0)". */
const callsOf = ({ calls, arguments: seen }: TracedCalls): string[] =>
  calls.flatMap((name) => [name, ...(seen[name] ?? []).map((values) => `${name}(${values})`)]);

/** What differs between a trace that was kept and a fresh one, a line each. Calls of `timing` may be missing from either. */
export const compareTraces = (kept: ImageTrace, fresh: ImageTrace, timing: readonly string[]): string[] =>
  parts.flatMap((part: Part) => {
    const [before, now] = [kept, fresh].map(({ parts }) => new Set(callsOf(parts[part])));
    if (!before || !now) return [];
    const varies = (call: string) => timing.includes(call.replace(/\(.*/, ""));
    const only = (some: Set<string>, others: Set<string>) =>
      [...some].filter((call) => !others.has(call) && !varies(call));
    const where = `${fresh.image} on ${fresh.machine}, corpus ${part}`;
    return [
      ...only(now, before).map((call) => `+ ${where}: ${call} is called and not recorded`),
      ...only(before, now).map((call) => `- ${where}: ${call} is recorded and not called any more`),
    ];
  });
