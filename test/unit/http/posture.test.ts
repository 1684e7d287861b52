import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../src/domain/errors.ts";
import { httpApp } from "../../support/http-app.ts";
import { aPosture } from "../../support/posture.ts";

const setUp = () => {
  const asked: unknown[][] = [];
  const posture = {
    read: () => aPosture(),
    check: async (...args: unknown[]) => {
      asked.push(args);
      return aPosture({ acceptable: false });
    },
  };
  return { ...httpApp({ http: { posture } }), asked };
};

describe("the posture over HTTP", () => {
  test.each(["auditor", "admin"] as const)("an %s reads it", async (role) => {
    const { json, keyOf } = setUp();
    const answer = await json("GET", "/v1/posture", { key: keyOf(role) });
    expect(answer).toMatchObject({ status: 200, body: aPosture() });
  });

  test.each([
    ["GET", "/v1/posture", "submitter"],
    ["POST", "/v1/posture/checks", "submitter"],
    ["POST", "/v1/posture/checks", "auditor"],
  ] as const)("%s %s is not for a %s", async (method, path, role) => {
    const { json, keyOf, asked } = setUp();
    const rest = method === "POST" ? { body: {} } : {};
    expect((await json(method, path, { key: keyOf(role), ...rest })).status).toBe(403);
    expect(asked).toEqual([]);
  });

  test("an admin tests a policy, and a runtime", async () => {
    const { json, fileKey, asked } = setUp();
    const body = { policy: "strict", runtime: "runsc" };
    const answer = await json("POST", "/v1/posture/checks", { key: fileKey, body });
    expect(answer).toMatchObject({ status: 200, body: { acceptable: false } });
    await json("POST", "/v1/posture/checks", { key: fileKey, body: {} });
    expect(asked).toEqual([
      ["strict", "runsc"],
      ["default", undefined],
    ]);
  });

  test("an unknown field is refused", async () => {
    const { json, fileKey } = setUp();
    expect((await json("POST", "/v1/posture/checks", { key: fileKey, body: { polici: "x" } })).status).toBe(
      400,
    );
  });

  test("where nothing is known it says so", async () => {
    const read = () => {
      throw new ServiceError("posture_refused", "This host may not run code: the engine is away");
    };
    const { json, fileKey } = httpApp({ http: { posture: { read, check: async () => aPosture() } } });
    const answer = await json("GET", "/v1/posture", { key: fileKey });
    expect(answer).toMatchObject({ status: 503, body: { code: "posture_refused", infra: true } });
  });
});
