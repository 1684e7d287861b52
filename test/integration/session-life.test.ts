/** Sessions outlive the process that made them, and an engine that goes away for a while. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { executionSchema } from "../../src/domain/execution.ts";
import { sessionSchema } from "../../src/domain/session.ts";
import { readinessSchema } from "../../src/http/routes/health.ts";
import { EngineProxy } from "../support/engine-proxy.ts";
import { allEvents, eventsOf, type ReadEvent } from "../support/event-reader.ts";
import { containersOf, docker, sessionHandle, startService, until } from "../support/service.ts";
import { type ServiceProcess, ServiceProcesses } from "../support/service-processes.ts";

let processes: ServiceProcesses;
beforeEach(() => {
  processes = new ServiceProcesses();
});
afterEach(async () => {
  await processes[Symbol.asyncDispose]();
});

const asEvents = { accept: "text/event-stream" };

const newSession = async (service: ServiceProcess, spec: object = {}) => {
  const response = await service.request("/v1/sessions", { method: "POST", body: JSON.stringify(spec) });
  return sessionHandle(service.request, sessionSchema.parse(await response.json()).id);
};

/** Counts to n, one line each, a little slower than lines are sent. */
const counting = (n: number) =>
  `import time\nfor n in range(${n}): print(n, flush=True); time.sleep(0.05)\nx = x + 1\nx`;

/** Reads until the connection is cut. */
const untilCut = async (response: Response): Promise<ReadEvent[]> => {
  const events: ReadEvent[] = [];
  try {
    for await (const event of eventsOf(response)) events.push(event);
  } catch {
    // Cut, as expected.
  }
  return events;
};

const lines = (events: ReadEvent[]) =>
  events
    .filter(({ type }) => type === "stdout")
    .map(({ data }) => data.text)
    .join("");

describe("a killed service", () => {
  test("its sessions go on in the next process: state, files, the run in progress and its stream", async () => {
    const first = await processes.start();
    const session = await newSession(first, { files: { "a.txt": "a" } });
    await session.step("x = 1");
    const key = { "idempotency-key": "run-1" };
    const response = await session.post(counting(60), { ...asEvents, ...key });
    const id = response.headers.get("x-execution-id");
    const cut = untilCut(response);
    await until(async () =>
      (await (await first.request("/metrics")).text()).includes("cloche_executions_running 1"),
    );
    await first.stop("SIGKILL");
    const before = await cut;
    expect(before.some(({ type }) => type === "finished" || type === "error")).toBe(false);

    const second = await processes.start();
    const after = await allEvents(
      await second.request(`/v1/executions/${id}/events`, {
        headers: { "last-event-id": String(before.at(-1)?.id ?? 0) },
      }),
    );
    expect(after.at(-1)?.type).toBe("finished");
    expect(lines([...before, ...after])).toBe(Array.from({ length: 60 }, (_, n) => `${n}\n`).join(""));
    const ids = [...before, ...after].map(({ id: at }) => at);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => index + 1));

    const handle = sessionHandle(second.request, session.id);
    const retry = executionSchema.parse(await (await handle.post(counting(60), key)).json());
    expect(retry.id).toBe(id);
    const next = await handle.step("(x, open('a.txt').read())");
    expect(next).toMatchObject({
      session: { sequence: 3, interpreter: 1 },
      observation: { results: [{ forms: { "text/plain": "(2, 'a')" } }] },
    });
    expect(await second.stop("SIGINT")).toEqual([0, null]);
    expect(await containersOf(processes.instance)).toEqual([]);
  });

  test("what waited in a session begins in the next process, in its order and once", async () => {
    const first = await processes.start();
    const session = await newSession(first);
    await session.step("x = 1\nseen = []");
    const later = { prefer: "respond-async" };
    const ids: string[] = [];
    for (const action of [counting(20), "seen.append('second')", "seen.append('third')"]) {
      ids.push((await session.post(action, later)).headers.get("x-execution-id") ?? "");
    }
    await until(async () => (await session.view()).queued === 2);
    await first.stop("SIGKILL");
    const second = await processes.start();
    const handle = sessionHandle(second.request, session.id);
    const last = await handle.step("(x, seen)");
    expect(last.observation.results[0]?.forms["text/plain"]).toBe("(2, ['second', 'third'])");
    expect(last.session?.sequence).toBe(5);
    for (const id of ids) {
      expect(await (await second.request(`/v1/executions/${id}`)).json()).toMatchObject({
        status: "finished",
        observation: { outcome: "ok" },
      });
    }
  });

  test("what ran in a sandbox of its own is reported lost, and may be tried again with the same key", async () => {
    const first = await processes.start();
    const body = JSON.stringify({ code: "import time; time.sleep(1.5); print('done')" });
    const headers = { "idempotency-key": "one-shot", prefer: "respond-async" };
    const accepted = await first.request("/v1/executions", { method: "POST", body, headers });
    expect(accepted.status).toBe(202);
    const id = accepted.headers.get("x-execution-id");
    await first.stop("SIGKILL");
    const second = await processes.start();
    expect(await (await second.request(`/v1/executions/${id}`)).json()).toMatchObject({
      status: "failed",
      error: { code: "execution_lost", infra: true, retryable: true },
    });
    const retried = await second.request("/v1/executions", {
      method: "POST",
      body,
      headers: { "idempotency-key": "one-shot" },
    });
    expect(executionSchema.parse(await retried.json())).toMatchObject({ observation: { stdout: "done\n" } });
  });

  test("a session whose container is gone meanwhile is reported lost within 30 s, with the reason", async () => {
    const first = await processes.start();
    const session = await newSession(first);
    const { sandboxId } = await session.view();
    await first.stop("SIGKILL");
    const [container] = await docker().listContainers({
      filters: { label: [`io.cloche.sandbox=${sandboxId}`] },
    });
    await docker()
      .getContainer(container?.Id ?? "")
      .remove({ force: true });
    const second = await processes.start();
    const view = await sessionHandle(second.request, session.id).view();
    expect(view).toMatchObject({ state: "ended", termination: { reason: "lost", infra: true } });
    expect(view.termination?.detail).toContain("container");
  });
});

describe("a service that is asked to end", () => {
  test("on SIGTERM leaves its sessions to the next one, on SIGINT ends them", async () => {
    const first = await processes.start();
    const session = await newSession(first);
    await session.step("x = 5");
    expect(await first.stop("SIGTERM")).toEqual([0, null]);
    expect(await containersOf(processes.instance)).toHaveLength(1);
    const second = await processes.start();
    const handle = sessionHandle(second.request, session.id);
    expect((await handle.step("x")).observation.results[0]?.forms["text/plain"]).toBe("5");
    expect(await second.stop("SIGINT")).toEqual([0, null]);
    expect(await containersOf(processes.instance)).toEqual([]);
    const third = await processes.start();
    expect(await sessionHandle(third.request, session.id).view()).toMatchObject({
      termination: { reason: "drained" },
    });
  });

  test("at its deadline a session's run goes on and is the next process's", async () => {
    const first = await processes.start({ CLOCHE_DRAIN_MS: "100" });
    const session = await newSession(first);
    await session.step("x = 1");
    const response = await session.post(counting(40), asEvents);
    const id = response.headers.get("x-execution-id");
    const cut = untilCut(response);
    await until(async () => (await session.view()).state === "busy");
    await first.stop("SIGTERM");
    const before = await cut;
    const second = await processes.start();
    const after = await allEvents(
      await second.request(`/v1/executions/${id}/events?after=${before.at(-1)?.id ?? 0}`),
    );
    expect(after.at(-1)?.data.execution.observation).toMatchObject({ outcome: "ok" });
    expect(lines([...before, ...after])).toBe(Array.from({ length: 40 }, (_, n) => `${n}\n`).join(""));
  });
});

test("a caller that waits when the service ends gets the same run from the next one, with the same key, and no second run", async () => {
  const first = await processes.start({ CLOCHE_DRAIN_MS: "100" });
  const session = await newSession(first);
  await session.step("x = 1");
  const key = { "idempotency-key": "waits" };
  const waiting = session.post(counting(40), key);
  await until(async () => (await session.view()).state === "busy");
  const stopped = first.stop("SIGTERM");
  expect((await waiting).status).toBe(503);
  await stopped;
  const second = await processes.start();
  const handle = sessionHandle(second.request, session.id);
  const again = executionSchema.parse(await (await handle.post(counting(40), key)).json());
  expect(again).toMatchObject({ session: { sequence: 2 }, observation: { outcome: "ok" } });
  expect((await handle.step("x")).observation.results[0]?.forms["text/plain"]).toBe("2");
});

describe("an engine that goes away", () => {
  test("and comes back: the session's run goes on, its stream has no gap, and /readyz tells of it", async () => {
    const socket = (loadConfig({}).DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
    await using proxy = new EngineProxy(socket);
    await proxy.up();
    await using service = await startService({ DOCKER_HOST: proxy.dockerHost, CLOCHE_POOL_TARGET: "1" });
    const session = await service.session();
    await session.step("x = 1");
    const events = allEvents(await session.post(counting(60), asEvents));
    await until(async () => (await session.view()).state === "busy");
    await proxy.down();
    await until(async () => (await session.view()).state === "reattaching");
    const readiness = async () => readinessSchema.parse(await (await service.request("/readyz")).json());
    await until(async () => !(await readiness()).ready);
    await proxy.up();
    const told = await events;
    expect(told.at(-1)?.type).toBe("finished");
    expect(lines(told)).toBe(Array.from({ length: 60 }, (_, n) => `${n}\n`).join(""));
    await until(async () => (await readiness()).ready);
    const { detail } = (await readiness()).checks.find(({ name }) => name === "engine") ?? {};
    expect(detail).toMatch(/away for \d+ s until .*; 0 sessions went down with it/);
    expect((await session.step("x")).observation.results[0]?.forms["text/plain"]).toBe("2");
  });
});
