#!/usr/bin/env node
/** The `cloche` command. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Host, type StopSignal, stopSignals } from "./context.ts";
import { runCli } from "./run-cli.ts";

/** npm, its shell and we may all be told of one Ctrl-C, and pass it on. */
const SAME_SIGNAL_MS = 300;

const onStop = (listener: (signal: StopSignal) => void): Disposable => {
  let last = Number.NEGATIVE_INFINITY;
  const once = (signal: StopSignal) => {
    const now = performance.now();
    if (now - last < SAME_SIGNAL_MS) return;
    last = now;
    listener(signal);
  };
  for (const signal of stopSignals) process.on(signal, once);
  return {
    [Symbol.dispose]: () => {
      for (const signal of stopSignals) process.off(signal, once);
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
