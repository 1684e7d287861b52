/** The program in this process, over streams and signals of the test's. */
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import { type StopSignal, stopSignals } from "../../../src/cli/context.ts";
import { runCli } from "../../../src/cli/run-cli.ts";
import type { FakeService } from "./fake-service.ts";

interface Options {
  service?: FakeService;
  env?: Record<string, string>;
  stdin?: Readable | string | Buffer;
  cwd?: string;
  terminal?: boolean;
  silenceMs?: number;
  graceMs?: number;
  /** Fails writes to standard output, as a pipe does that nobody reads. */
  brokenPipe?: boolean;
}

export interface Ended {
  code: number;
  stdout: string;
  bytes: Buffer;
  stderr: string;
  /** How long it waited before it tried again. */
  pauses: number[];
}

export interface Running {
  ended: Promise<Ended>;
  signal(signal: StopSignal): void;
  /** Resolves when standard output or error holds this. */
  says(text: string): Promise<void>;
}

export const start = (argv: string[], options: Options = {}): Running => {
  const { service, stdin = "", terminal = false } = options;
  const signals = new EventEmitter();
  const wrote = new EventEmitter();
  const pauses: number[] = [];
  const out = collect(wrote, terminal, options.brokenPipe);
  const err = collect(wrote, terminal);
  const code = runCli(argv, {
    stdin: stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]),
    stdout: out.stream,
    stderr: err.stream,
    env: { ...(service ? { CLOCHE_URL: service.url } : {}), ...options.env },
    cwd: options.cwd ?? tmpdir(),
    onStop: (listener) => {
      for (const name of stopSignals) signals.on(name, listener);
      return { [Symbol.dispose]: () => void signals.removeAllListeners() };
    },
    times: {
      pause: async (milliseconds) => void pauses.push(milliseconds),
      silenceMs: options.silenceMs ?? 4_000,
      graceMs: options.graceMs ?? 4_000,
    },
  });
  return {
    ended: code.then((value) => ({
      code: value,
      stdout: out.bytes().toString(),
      bytes: out.bytes(),
      stderr: err.bytes().toString(),
      pauses,
    })),
    signal: (signal) => void signals.emit(signal, signal),
    says: async (text) => {
      while (!`${out.bytes()}${err.bytes()}`.includes(text)) await once(wrote, "write");
    },
  };
};

export const run = (argv: string[], options: Options = {}): Promise<Ended> => start(argv, options).ended;

const collect = (wrote: EventEmitter, isTTY: boolean, broken = false) => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      if (broken) return done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      chunks.push(Buffer.from(chunk));
      wrote.emit("write");
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), bytes: () => Buffer.concat(chunks) };
};

export const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};
