/** The programs whose system calls are traced: scripts/seccomp/corpus/<part>/*.py. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** strict and std: scripts in a process of their own. session: executions of one interpreter. */
export const parts = ["strict", "session", "std"] as const;
export type Part = (typeof parts)[number];

export interface CorpusProgram {
  part: Part;
  name: string;
  source: string;
  /** The exit code, or a signal's number below zero, from a first line `# ends: 3`. */
  ends: number;
  /** A package that the image must have, from a first line `# needs: numpy`. */
  needs: string | undefined;
}

const folder = join(import.meta.dirname, "corpus");

export const loadCorpus = (part: Part): CorpusProgram[] =>
  readdirSync(join(folder, part))
    .filter((file) => file.endsWith(".py"))
    .sort()
    .map((file) => toProgram(part, file, readFileSync(join(folder, part, file), "utf8")));

const toProgram = (part: Part, name: string, source: string): CorpusProgram => {
  const [, key, value = ""] = /^# (ends|needs): (\S+)\n/.exec(source) ?? [];
  return {
    part,
    name,
    source,
    ends: key === "ends" ? Number(value) : 0,
    needs: key === "needs" ? value : undefined,
  };
};
