#!/usr/bin/env node
/** The `cloche` command. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Host, type StopSignal, stopSignals } from "./context.ts";
import { runCli } from "./run-cli.ts";

const onStop = (listener: (signal: StopSignal) => void): Disposable => {
  for (const signal of stopSignals) process.on(signal, listener);
  return {
    [Symbol.dispose]: () => {
      for (const signal of stopSignals) process.off(signal, listener);
    },
  };
};

const host: Host = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  // biome-ignore lint/style/noProcessEnv: a program of its own; settings.ts is what reads it
  env: process.env,
  cwd: process.cwd(),
  onStop,
  times: { pause: (milliseconds) => sleep(milliseconds), silenceMs: 45_000, graceMs: 10_000 },
};

// All output was taken when it resolves; an open standard input must not hold the process.
process.exit(await runCli(process.argv.slice(2), host));
