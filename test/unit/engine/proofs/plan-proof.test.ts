import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { attemptHeadSchema } from "../../../../src/domain/proof.ts";
import { assertBuilt, assertRuns } from "../../../../src/engine/proofs/plan-proof.ts";
import { anImage, aPolicy } from "../../../support/builders.ts";

const message = "policy default runs under nope, which the engine has not registered; it has: runc, runsc";
const catalog = {
  assertRuns: () => {
    throw new ServiceError("runtime_unavailable", message);
  },
};

describe("what a proof is refused for before it begins", () => {
  test("a runtime that the request names and the engine has not is the request's fault", () => {
    expect(() => assertRuns(catalog, aPolicy(), { policy: "default", runtime: "nope" })).toThrow(
      expect.objectContaining({
        code: "invalid_request",
        message,
        issues: [{ field: "runtime", message: "nothing runs under nope on this host" }],
      }),
    );
  });

  test("one that the policy names is the host's", () => {
    expect(() => assertRuns(catalog, aPolicy(), { policy: "default" })).toThrow(
      expect.objectContaining({ code: "runtime_unavailable" }),
    );
  });

  test("images that attempts name are asked for, each once", async () => {
    const asked: (string | undefined)[] = [];
    const image = async (name: string | undefined) => {
      asked.push(name);
      if (name === "missing") throw new ServiceError("not_found", "Image missing is not built");
      return anImage();
    };
    const anAttempt = (id: number, named?: string) => ({
      head: attemptHeadSchema.parse({
        id,
        name: `attempt-${id}`,
        title: "Try",
        class: "files",
        techniques: ["T1611"],
        defences: ["landlock"],
        control: {},
        image: named,
      }),
      program: "",
    });
    const built = [anAttempt(1), anAttempt(2, "python-test"), anAttempt(3, "python-test")];
    await assertBuilt({ image }, aPolicy(), built);
    expect(asked).toEqual(["python-test"]);
    await expect(assertBuilt({ image }, aPolicy(), [anAttempt(4, "missing")])).rejects.toMatchObject({
      code: "not_found",
    });
  });
});
