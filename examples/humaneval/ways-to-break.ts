/** Ways in which a generated solution goes wrong, each with the outcome that it must have. */

import type { Outcome } from "../../src/domain/outcome.ts";
import type { RequestLimits } from "../../src/domain/policy.ts";

export interface WayToBreak {
  name: string;
  expected: Outcome;
  /** Stands in for the canonical body of the function; indented like it. */
  body?: string;
  /** Lines between the tests' definition and their call. */
  beforeCheck?(entryPoint: string): string;
  limits?: RequestLimits;
}

export const waysToBreak: readonly WayToBreak[] = [
  {
    name: "wrong value",
    expected: "exception",
    // A fresh object equals nothing but itself.
    beforeCheck: (entryPoint) => `${entryPoint} = lambda *args, **named: object()`,
  },
  { name: "missing return", expected: "exception", body: "    pass" },
  {
    name: "raise",
    expected: "exception",
    body: "    raise NotImplementedError('broken on purpose')",
  },
  { name: "syntax error", expected: "exception", body: "    return (" },
  {
    name: "sys.exit(3)",
    expected: "nonzero_exit",
    beforeCheck: () => "import sys; sys.exit(3)",
  },
  {
    name: "endless loop",
    expected: "time_limit",
    body: "    while True: pass",
    limits: { wallMs: 1_000 },
  },
  {
    name: "segfault",
    expected: "signalled",
    body: "    import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
  },
  {
    name: "memory hog",
    expected: "memory_limit",
    // Bytes that are written, so that the kernel has to give the memory.
    body: "    hog = []\n    while True: hog.append(b'x' * (16 << 20))",
  },
  {
    name: "endless print",
    expected: "output_limit",
    body: "    while True: print('broken on purpose')",
    limits: { outputBytes: 64 * 1024 },
  },
];
