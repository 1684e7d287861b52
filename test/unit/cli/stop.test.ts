import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem, stream } from "./fake-service.ts";
import { aFolder, start } from "./run-in-test.ts";
import { exe, finished, pending, ses, started } from "./samples.ts";

const cancel = `POST /v1/executions/${exe}/cancel`;
const interrupt = `POST /v1/executions/${exe}/interrupt`;
const output = { event: "stdout", data: { text: "running\n" } };

let service: FakeService;
let cwd: string;
/** Ends the run's stream with this event. */
let end: (last: { event: string; data: unknown }) => void;

beforeEach(async () => {
  service = await FakeService.start();
  cwd = aFolder();
  writeFileSync(join(cwd, "a.py"), "print(1)\n");
  const { promise, resolve } = Promise.withResolvers<{ event: string; data: unknown }>();
  end = resolve;
  service
    .on("POST /v1/executions", () => pending)
    .on(`POST /v1/sessions/${ses}/executions`, () => pending)
    .on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started, output], { open: true })(asked, response);
      const { event, data } = await promise;
      response.end(`id: 3\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    });
});
afterEach(() => service[Symbol.asyncDispose]());

const cancelled = finished({ outcome: "cancelled", exitCode: null });

describe("Ctrl-C", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s cancels the run on the service, waits for its end, and exits %i", async (signal, code) => {
    service.on(cancel, () => {
      end(cancelled);
      return pending;
    });
    const running = start(["run", "a.py"], { service, cwd });
    await running.says("running");
    running.signal(signal);
    expect(await running.ended).toMatchObject({ code, stdout: "running\n", stderr: "cloche: cancelled\n" });
    expect(service.askedFor(cancel)).toHaveLength(1);
    expect(service.askedFor(cancel)[0]?.headers["idempotency-key"]).toBeDefined();
  });

  test("before the service has given the run an id, it is cancelled as soon as it has one", async () => {
    const asked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    service
      .on("POST /v1/executions", async () => {
        asked.resolve();
        await go.promise;
        return pending;
      })
      .on(cancel, () => {
        end(cancelled);
        return pending;
      });
    const running = start(["run", "a.py"], { service, cwd });
    await asked.promise;
    running.signal("SIGINT");
    go.resolve();
    expect((await running.ended).code).toBe(130);
    expect(service.askedFor(cancel)).toHaveLength(1);
  });

  test("a second one leaves at once", async () => {
    service.on(cancel, () => pending);
    const running = start(["run", "a.py"], { service, cwd });
    await running.says("running");
    running.signal("SIGINT");
    running.signal("SIGINT");
    expect((await running.ended).code).toBe(130);
  });

  test("a service that does not say that it stopped is left after a while", async () => {
    service.on(cancel, () => pending);
    const running = start(["run", "a.py"], { service, cwd, graceMs: 50 });
    await running.says("running");
    running.signal("SIGINT");
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: expect.stringContaining("does not say that it stopped"),
    });
  });

  test("a run that ended in the same moment is still a stopped one", async () => {
    service.on(cancel, (asked, response) => {
      end(finished());
      return problem(409, "conflict", "It has ended")(asked, response);
    });
    const running = start(["run", "a.py"], { service, cwd });
    await running.says("running");
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stderr: "" });
  });

  test("a cancel that is refused is told", async () => {
    service.on(cancel, (asked, response) => {
      end(finished());
      return problem(403, "forbidden", "Not yours")(asked, response);
    });
    const running = start(["run", "a.py"], { service, cwd });
    await running.says("running");
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining("could not be stopped: Not yours"),
    });
  });
});

describe("Ctrl-C in a session", () => {
  const exec = () => start(["session", "exec", ses, "work()"], { service, cwd });

  test("interrupts first, which keeps the session's state", async () => {
    service.on(interrupt, () => {
      end(
        finished({
          outcome: "exception",
          exitCode: 1,
          evidence: { signal: null, reported: { exception: "KeyboardInterrupt" } },
        }),
      );
      return pending;
    });
    const running = exec();
    await running.says("running");
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({
      code: 130,
      stderr: "cloche: exception: KeyboardInterrupt\n",
    });
    expect(service.askedFor(cancel)).toHaveLength(0);
  });

  test("cancels with the second one", async () => {
    const interrupted = Promise.withResolvers<void>();
    service
      .on(interrupt, () => {
        interrupted.resolve();
        return pending;
      })
      .on(cancel, () => {
        end(cancelled);
        return pending;
      });
    const running = exec();
    await running.says("running");
    running.signal("SIGINT");
    await interrupted.promise;
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stderr: "cloche: cancelled\n" });
  });

  test("cancels what waits for its turn, which can't be interrupted", async () => {
    service.on(interrupt, problem(409, "conflict", "It is not running yet")).on(cancel, () => {
      end(cancelled);
      return pending;
    });
    const running = exec();
    await running.says("running");
    running.signal("SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(service.askedFor(cancel)).toHaveLength(1);
  });
});
