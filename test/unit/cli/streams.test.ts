import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem, stream } from "./fake-service.ts";
import { aFolder, run } from "./run-in-test.ts";
import { exe, finished, pending, started } from "./samples.ts";

const events = `GET /v1/executions/${exe}/events`;
const print = (text: string) => ({ event: "stdout", data: { text } });

let service: FakeService;
let cwd: string;

beforeEach(async () => {
  service = await FakeService.start();
  service.on("POST /v1/executions", () => pending);
  cwd = aFolder();
  writeFileSync(join(cwd, "a.py"), "print(1)\n");
});
afterEach(() => service[Symbol.asyncDispose]());

const lastIds = () => service.askedFor(events).map(({ headers }) => headers["last-event-id"]);

describe("a stream that breaks", () => {
  test("is taken up after the last whole event", async () => {
    const all = [started, print("a"), print("b"), print("c"), finished()];
    service.inTurn(
      events,
      stream(all.slice(0, 2), { cut: true }),
      stream(all.slice(0, 3), { cut: true }),
      stream(all),
    );
    const { code, stdout, pauses } = await run(["run", "a.py"], { service, cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "abc" });
    expect(lastIds()).toEqual([undefined, "2", "3"]);
    expect(pauses).toHaveLength(2);
  });

  test("an end without the last event is no end", async () => {
    service.inTurn(events, stream([started]), stream([started, print("x"), finished()]));
    expect(await run(["run", "a.py"], { service, cwd })).toMatchObject({ code: 0, stdout: "x" });
  });

  test("what a service tells twice is printed once", async () => {
    const again = [
      { ...started, id: 1 },
      { ...print("a"), id: 2 },
      { ...print("b"), id: 3 },
      { ...finished(), id: 4 },
    ];
    service.inTurn(events, stream(again.slice(0, 2), { cut: true }), (asked, response) => {
      delete asked.headers["last-event-id"];
      return stream(again)(asked, response);
    });
    expect(await run(["run", "a.py"], { service, cwd })).toMatchObject({ code: 0, stdout: "ab" });
  });

  test("silence breaks it too", async () => {
    service.inTurn(events, stream([started], { open: true }), stream([started, finished()]));
    const { code } = await run(["run", "a.py"], { service, cwd, silenceMs: 50 });
    expect(code).toBe(0);
    expect(service.askedFor(events)).toHaveLength(2);
  });

  test("a service that is away for a while is waited for", async () => {
    const away = problem(503, "capacity_exhausted", "The service is shutting down");
    const noWord = (_: unknown, response: { destroy(): void }) => void response.destroy();
    service.inTurn(
      events,
      stream([started], { cut: true }),
      away,
      noWord,
      noWord,
      stream([started, finished()]),
    );
    const { code, pauses } = await run(["run", "a.py"], { service, cwd });
    expect(code).toBe(0);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
  });

  test("one that never comes back is a fault that says where the output is", async () => {
    service.inTurn(
      events,
      stream([started, print("a")], { cut: true }),
      (_, response) => void response.destroy(),
    );
    const { code, stdout, stderr, pauses } = await run(["run", "a.py"], { service, cwd });
    expect({ code, stdout }).toEqual({ code: 125, stdout: "a" });
    expect(stderr).toMatch(/^\ncloche: The stream of exe_\w+ broke|^cloche: The stream of exe_\w+ broke/);
    expect(stderr).toContain(`cloche logs ${exe}`);
    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(60_000);
  });

  test.each([
    [problem(404, "not_found", "There is no execution"), /not_found/],
    [problem(401, "unauthenticated", "The key is not valid"), /unauthenticated/],
    [() => ({ not: "events" }), /without an event stream/],
    [stream([{ event: "stdout", data: { text: "x" }, id: Number.NaN }]), /event that cannot be read/],
  ])("what another try can't mend is told at once", async (answer, message) => {
    service.on(events, answer);
    const { code, stderr } = await run(["run", "a.py"], { service, cwd });
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringMatching(message) });
    expect(service.askedFor(events)).toHaveLength(1);
  });

  test("a last event of many megabytes is read in one go", async () => {
    const stdout = "x".repeat(16 * 1024 * 1024);
    service.on(events, stream([started, finished({ stdout })]));
    expect((await run(["run", "a.py"], { service, cwd })).code).toBe(0);
  });
});

describe("cloche logs", () => {
  test("prints what an execution printed; its own end is no failure of ours", async () => {
    service.on(
      events,
      stream([
        started,
        print("out"),
        { event: "stderr", data: { base64: "/w==" } },
        finished({ exitCode: 3, outcome: "nonzero_exit" }),
      ]),
    );
    const { code, stdout, stderr } = await run(["logs", exe], { service });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "out" });
    expect(stderr).toContain("cloche: nonzero_exit: exit code 3");
  });

  test("without -f it stops at what is there", async () => {
    service.on(events, stream([started, print("so far")], { open: true }));
    expect(await run(["logs", exe], { service })).toMatchObject({ code: 0, stdout: "so far", stderr: "" });
    expect(service.askedFor(events)).toHaveLength(1);
  });

  test("with -f it goes on to the end, over broken streams", async () => {
    service.inTurn(
      events,
      stream([started, print("a")], { cut: true }),
      stream([started, print("a"), print("b"), finished()]),
    );
    expect(await run(["logs", "-f", exe], { service })).toMatchObject({ code: 0, stdout: "ab" });
  });

  test("with --json it prints the events", async () => {
    service.on(events, stream([started, print("a"), finished()]));
    const { stdout } = await run(["logs", exe, "--json"], { service });
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).event),
    ).toEqual(["started", "stdout", "finished"]);
  });

  test("an execution that is not there", async () => {
    expect(await run(["logs", "exe_x"], { service })).toMatchObject({
      code: 125,
      stderr: "cloche: There is no such thing (not_found)\n",
    });
    expect(await run(["logs", ".."], { service })).toMatchObject({ code: 2 });
  });
});
