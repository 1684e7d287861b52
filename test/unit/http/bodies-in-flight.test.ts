import { expect, test } from "vitest";
import { boundBodies } from "../../../src/http/bodies-in-flight.ts";
import { bareHttp } from "../../support/bare-http.ts";
import { settled } from "../../support/manual-clock.ts";

const KiB = 1024;

const setUp = () => {
  const app = bareHttp();
  app.use(boundBodies({ maxBodyBytes: 300 * KiB, maxBodiesBytes: 400 * KiB }));
  const waiting: { answer(): void; fail(): void }[] = [];
  app.post("/", async () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ answer: resolve, fail: () => reject(new Error("a bug")) });
    await promise;
    return new Response();
  });
  const send = (headers: Record<string, string>) => {
    const result = { status: 0, retryAfter: null as string | null };
    void Promise.resolve(app.request("/", { method: "POST", headers })).then(
      (response) => {
        result.status = response.status;
        result.retryAfter = response.headers.get("retry-after");
      },
      () => {},
    );
    return result;
  };
  const sized = (bytes: number) => send({ "content-length": String(bytes) });
  return { send, sized, waiting };
};

test("bodies are counted until their handlers are done, also those that fail", async () => {
  const { sized, waiting } = setUp();
  for (const end of ["answer", "fail"] as const) {
    for (let n = 0; n < 2; n += 1) sized(200 * KiB);
    await settled();
    const refused = sized(65 * KiB);
    await settled();
    expect([refused, waiting.length]).toEqual([{ status: 503, retryAfter: "1" }, 2]);
    waiting.shift()?.[end]();
    await settled();
    sized(200 * KiB);
    await settled();
    expect(waiting).toHaveLength(2);
    for (const { answer } of waiting.splice(0)) answer();
    await settled();
  }
});

test("small ones are let through where it is full, and too large ones to who refuses them", async () => {
  const { send, sized, waiting } = setUp();
  for (let n = 0; n < 2; n += 1) sized(200 * KiB);
  for (const bytes of [0, 64 * KiB, 301 * KiB]) sized(bytes);
  send({});
  await settled();
  expect(waiting).toHaveLength(6);
});

test("one that doesn't say how large it is counts as the largest, and one that says nonsense is refused", async () => {
  const { send, sized, waiting } = setUp();
  send({ "transfer-encoding": "chunked" });
  sized(100 * KiB);
  await settled();
  const [chunked, nonsense] = [
    send({ "transfer-encoding": "chunked", "content-length": "1" }),
    send({ "content-length": "x" }),
  ];
  await settled();
  expect([chunked.status, nonsense.status, waiting.length]).toEqual([503, 503, 2]);
});
