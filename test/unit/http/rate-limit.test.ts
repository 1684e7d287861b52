import { expect, test } from "vitest";
import { Rate } from "../../../src/engine/tenants/rate.ts";
import { limitRate } from "../../../src/http/rate-limit.ts";
import { bareHttpOf } from "../../support/bare-http.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const setUp = (quota: number) => {
  const clock = new ManualClock();
  const rate = new Rate(clock, () => quota);
  const app = bareHttpOf({ tenant: "t", role: "submitter", keyId: "key_1" });
  app.use(limitRate(rate));
  // As the store's answers are made: past everything that was prepared.
  app.all("/raw", () => new Response("{}"));
  const ask = async (method: string, path = "/raw") => {
    const response = await app.request(path, { method });
    const header = (name: string) => response.headers.get(name);
    return {
      status: response.status,
      policy: header("ratelimit-policy"),
      left: header("ratelimit"),
      retryAfter: header("retry-after"),
      text: await response.text(),
    };
  };
  return { ask, clock };
};

test("every answer says how much is left", async () => {
  const { ask } = setUp(600);
  const policy = '"requests";q=600;w=60';
  expect(await ask("GET")).toMatchObject({ status: 200, policy, left: '"requests";r=600;t=0' });
  expect(await ask("POST")).toMatchObject({ status: 200, policy, left: '"requests";r=599;t=1' });
  expect(await ask("GET", "/nowhere")).toMatchObject({ status: 404, policy, left: '"requests";r=599;t=1' });
});

test("above the rate changes are refused with a time to retry, and reading goes on", async () => {
  const { ask, clock } = setUp(2);
  for (const method of ["PUT", "DELETE"]) expect((await ask(method)).status).toBe(200);
  const refused = await ask("POST");
  expect(refused).toMatchObject({ status: 429, left: '"requests";r=0;t=60', retryAfter: "30" });
  expect(JSON.parse(refused.text)).toMatchObject({ code: "rate_limited", retryable: true, infra: false });
  expect((await ask("GET")).status).toBe(200);
  await clock.advance(30_000);
  expect((await ask("POST")).status).toBe(200);
});
