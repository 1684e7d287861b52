import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { readinessSchema } from "../../src/http/routes/health.ts";
import { EngineProxy } from "../support/engine-proxy.ts";
import { startService, until } from "../support/service.ts";

const engineSocket = () =>
  (loadConfig({}).DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");

test("the service outlives its engine, says what is wrong, recovers by itself, and leaves nothing", async () => {
  await using proxy = new EngineProxy(engineSocket());
  await proxy.up();
  await using service = await startService({ DOCKER_HOST: proxy.dockerHost, CLOCHE_POOL_TARGET: "2" });
  const readiness = async () => {
    const response = await service.request("/readyz");
    return { status: response.status, ...readinessSchema.parse(await response.json()) };
  };
  await until(async () => (await readiness()).pools[0]?.warm === 2);
  const before = await service.containers();
  const running = service.post({ code: "import time; time.sleep(20)" });
  await until(async () => (await service.containers()).length === 3);

  await proxy.down();
  const lost = await running;
  expect(lost.status).toBe(502);
  expect(await lost.json()).toMatchObject({ code: "sandbox_failed", infra: true });
  const refused = await service.post({ code: "print(1)" });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "runtime_unavailable", infra: true, retryable: true });
  const down = await readiness();
  expect(down).toMatchObject({ status: 503, ready: false });
  expect(down.checks.find(({ name }) => name === "engine")).toMatchObject({ ok: false });

  await proxy.up();
  expect(await service.run("print('back')")).toMatchObject({ outcome: "ok", stdout: "back\n" });
  await until(async () => (await readiness()).ready);
  // What could not be removed while the engine was away is the reaper's.
  await until(async () => (await service.containers()).every((id) => !before.includes(id)));
});
