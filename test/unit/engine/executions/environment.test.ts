import { describe, expect, test } from "vitest";
import { sessionActionSchema } from "../../../../src/domain/action.ts";
import { environmentIssues } from "../../../../src/engine/executions/environment.ts";
import {
  toRunRequest,
  toSessionParts,
  toSessionRunRequest,
} from "../../../../src/engine/executions/to-run-request.ts";
import { anAction, aPolicy } from "../../../support/builders.ts";

const policy = (allow: string[], set: Record<string, string> = {}) =>
  aPolicy({ environment: { allow, set } });
const fieldsOf = (names: string[], allow: string[], set = {}) =>
  environmentIssues(Object.fromEntries(names.map((name) => [name, "x"])), policy(allow, set)).map(
    ({ field }) => field,
  );

describe("which variables an action may set", () => {
  test.each([
    [["A"], ["*"], []],
    [["A"], [], ["env.A"]],
    [["APP_A", "APPB"], ["APP_*"], ["env.APPB"]],
    [["AB", "ABC"], ["A?"], ["env.ABC"]],
    [["xA", "Ax"], ["A"], ["env.xA", "env.Ax"]],
  ])("%j where %j is allowed", (names, allow, refused) => {
    expect(fieldsOf(names, allow)).toEqual(refused);
  });

  test("none that the policy sets, even where all are allowed", () => {
    expect(fieldsOf(["MODE", "OTHER"], ["*"], { MODE: "y" })).toEqual(["env.MODE"]);
    expect(fieldsOf(["constructor"], ["*"])).toEqual([]);
  });

  test("is told with what is allowed", () => {
    expect(environmentIssues({ A: "" }, policy(["APP_*", "LANG"]))).toEqual([
      { field: "env.A", message: "is not allowed by the policy, which allows APP_*, LANG" },
    ]);
    expect(environmentIssues({ A: "" }, policy([]))[0]?.message).toContain("allows no variable");
  });
});

describe("an action under a policy", () => {
  const strict = policy(["APP_*"], { HOME: "/tmp", MODE: "y" });
  const identity = { id: "exe_1", sequence: 1 };

  test("is refused with the field, as a script, in a session, and as a session", () => {
    const env = { MODE: "mine", LD_PRELOAD: "x" };
    const refused = "The action is wrong in: env.MODE, env.LD_PRELOAD";
    expect(() => toRunRequest(anAction({ env }), strict, identity)).toThrow(refused);
    const cell = sessionActionSchema.parse({ code: "", env });
    expect(() => toSessionRunRequest(cell, strict, identity)).toThrow(refused);
    expect(() => toSessionParts({ files: {}, env }, strict)).toThrow(refused);
  });

  test("finds what the policy sets, over everything else", () => {
    const env = { APP_A: "1" };
    const found = { APP_A: "1", HOME: "/tmp", MODE: "y" };
    expect(toRunRequest(anAction({ env }), strict, identity).env).toMatchObject({
      ...found,
      USER: "sandbox",
    });
    expect(
      toSessionRunRequest(sessionActionSchema.parse({ code: "", env }), strict, identity).env,
    ).toMatchObject(found);
    expect(toSessionParts({ files: {}, env }, strict).env).toMatchObject({ ...found, MPLBACKEND: "Agg" });
  });

  test("has the policy's seed where it names none", () => {
    const seeded = aPolicy({ determinism: { seed: 7, hashSeed: 0, clock: "real" } });
    expect(toRunRequest(anAction(), seeded, identity).seed).toBe(7);
    expect(toRunRequest(anAction({ seed: 8 }), seeded, identity).seed).toBe(8);
    expect(toRunRequest(anAction(), aPolicy(), identity).seed).toBeNull();
  });
});
