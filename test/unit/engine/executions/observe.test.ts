import { describe, expect, test } from "vitest";
import { observationSchema } from "../../../../src/domain/observation.ts";
import { runRefused, wasCancelled } from "../../../../src/engine/executions/failures.ts";
import { observe } from "../../../../src/engine/executions/observe.ts";
import { InputsRefused, type RunReport } from "../../../../src/engine/ports/runtime.ts";

const nothing = Buffer.alloc(0);
const refused: RunReport = {
  stdout: nothing,
  stderr: nothing,
  results: [],
  outputs: { files: [], skipped: [] },
  end: { kind: "refused", cause: "processes" },
};

describe("a run for which the session had no process left", () => {
  test("met the process limit, and nothing of it ran", () => {
    const observation = observe(refused);
    expect(observation).toMatchObject({
      outcome: "process_limit",
      stdout: "",
      stderr: "",
      exitCode: null,
      evidence: { signal: null, killedBy: null, refusedForks: 1, endedBy: "service" },
      usage: { wallMs: 0, cpuMs: 0, stdoutBytes: 0, stderrBytes: 0 },
      truncated: { stdout: false, stderr: false },
    });
    expect(observationSchema.parse(observation)).toEqual(observation);
  });

  test("was not cancelled", () => {
    expect(wasCancelled(refused)).toBe(false);
  });
});

describe("a run that a session refuses", () => {
  test("for a file says which, and is the workspace's refusal", () => {
    const error = runRefused(new InputsRefused("/workspace/action.py is a folder", 21));
    expect(error).toMatchObject({ code: "file_refused", message: "/workspace/action.py is a folder" });
  });

  test("for anything else is a request that is wrong", () => {
    const error = runRefused(new InputsRefused("outputs must be at most 60 KiB together"));
    expect(error).toMatchObject({
      code: "invalid_request",
      message: "outputs must be at most 60 KiB together",
    });
  });
});
