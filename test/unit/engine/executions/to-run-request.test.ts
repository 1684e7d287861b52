import { describe, expect, test } from "vitest";
import { type SessionActionInput, sessionActionSchema } from "../../../../src/domain/action.ts";
import {
  toRunRequest,
  toSessionFiles,
  toSessionRunRequest,
} from "../../../../src/engine/executions/to-run-request.ts";
import { anAction, aPolicy } from "../../../support/builders.ts";

const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;

const inSession = (action: SessionActionInput) =>
  toSessionRunRequest(sessionActionSchema.parse(action), aPolicy(), {
    id: "exe_1",
    traceparent,
    sequence: 3,
  });

describe("an action of its own", () => {
  test("is a script with everything in bytes", () => {
    const action = anAction({
      code: "é",
      stdin: "ü",
      files: { a: { base64: "/w==" } },
      seed: 7,
      args: ["x"],
    });
    expect(toRunRequest(action, aPolicy(), { id: "exe_1" })).toMatchObject({
      id: "exe_1",
      mode: "script",
      code: Buffer.from("é"),
      stdin: Buffer.from("ü"),
      files: [{ path: "a", content: Buffer.from([255]) }],
      seed: 7,
      args: ["x"],
      keepStdin: false,
    });
  });

  test("has the caller's environment over ours", () => {
    const { env } = toRunRequest(anAction({ env: { HOME: "/tmp", TRACEPARENT: "own" } }), aPolicy(), {
      id: "exe_1",
      traceparent,
    });
    expect(env).toMatchObject({ HOME: "/tmp", TRACEPARENT: "own", USER: "sandbox" });
  });

  test("is told of everything that is wrong at once", () => {
    const action = anAction({ limits: { wallMs: 999_999 }, files: { "action.py": "" } });
    expect(() => toRunRequest(action, aPolicy(), { id: "exe_1" })).toThrow(
      'The action is wrong in: limits.wallMs, files["action.py"]',
    );
  });
});

test("what is printed comes at once where somebody reads along, as for a pipe where not", () => {
  const envOf = (live: boolean) => toRunRequest(anAction(), aPolicy(), { id: "exe_1", live }).env;
  expect(envOf(true)["PYTHONUNBUFFERED"]).toBe("1");
  expect(envOf(false)).not.toHaveProperty("PYTHONUNBUFFERED");
});

describe("in a session", () => {
  test.each<[SessionActionInput, object]>([
    [{ code: "1" }, { mode: "cell", code: Buffer.from("1"), argv: [] }],
    [
      { code: "1", fresh: true },
      { mode: "script", code: Buffer.from("1") },
    ],
    [{ argv: ["ls", "-l"] }, { mode: "command", argv: ["ls", "-l"], code: Buffer.alloc(0) }],
    [{ shell: "ls | wc" }, { mode: "command", argv: ["/bin/sh", "-c", "ls | wc"] }],
  ])("%j", (action, request) => {
    expect(inSession(action)).toMatchObject({ ...request, name: "<execution 3>" });
  });

  test("the environment is the session's; a run adds its own and its trace", () => {
    expect(inSession({ code: "", env: { A: "1" } }).env).toEqual({ A: "1", TRACEPARENT: traceparent });
  });

  test("limits are bounded by the policy's too", () => {
    expect(() => inSession({ code: "", limits: { cpuMs: 999_999 } })).toThrow("limits.cpuMs");
  });

  test("files may have any name that is one", () => {
    expect(toSessionFiles({ "action.py": "" }, aPolicy())).toEqual([
      { path: "action.py", content: Buffer.alloc(0) },
    ]);
    expect(() => toSessionFiles({ a: "", "a/b": "" }, aPolicy())).toThrow('files["a"]');
  });
});
