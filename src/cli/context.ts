/** What a command gets to work with. Everything of the process comes through here, so that tests can give their own. */
import type { Readable, Writable } from "node:stream";
import type { Api } from "./api/client.ts";
import type { Output } from "./terminal/output.ts";
import type { Times } from "./times.ts";

export const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type StopSignal = (typeof stopSignals)[number];

/** The process, as far as the program touches it. */
export interface Host {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** While it is not disposed of, these signals end the program only if the listener does. */
  onStop(listener: (signal: StopSignal) => void): Disposable;
  times: Times;
}

export interface Context extends Pick<Host, "stdin" | "cwd" | "env" | "onStop" | "times"> {
  /** Not there for commands that need no service, until they ask. */
  api(): Api;
  out: Output;
  err: Output;
  json: boolean;
}
