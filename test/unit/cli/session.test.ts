import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem, stream } from "./fake-service.ts";
import { aFolder, run } from "./run-in-test.ts";
import { aSession, exe, finished, pending, ses, started } from "./samples.ts";

const one = `/v1/sessions/${ses}`;
let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

describe("cloche session", () => {
  test("create prints the id and nothing else, so that a script can take it", async () => {
    const cwd = aFolder();
    writeFileSync(join(cwd, "data.csv"), "a,b\n");
    service.on("POST /v1/sessions", () => aSession());
    const flags =
      "--image python-data --policy p --ttl 60000 --idle 5000 --env A=1 --file data.csv --seed 3 --metadata task=x";
    const { code, stdout } = await run(["session", "create", ...flags.split(" ")], { service, cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${ses}\n` });
    expect(service.asked[0]?.json).toEqual({
      image: "python-data",
      policy: "p",
      ttlMs: 60_000,
      idleMs: 5000,
      env: { A: "1" },
      files: { "data.csv": "a,b\n" },
      seed: 3,
      metadata: { task: "x" },
    });
  });

  test("ls asks for page after page up to the limit", async () => {
    const page = (from: number, nextCursor: string | null) => ({
      items: Array.from({ length: 100 }, (_, i) => aSession({ id: `ses_${from + i}` })),
      nextCursor,
    });
    service.inTurn(
      "GET /v1/sessions",
      () => page(0, "c1"),
      () => page(100, "c2"),
    );
    const { stdout } = await run(["session", "ls", "--limit", "150", "--state", "idle"], { service });
    expect(service.asked.map(({ query }) => query)).toEqual([
      { state: "idle", limit: "100" },
      { state: "idle", limit: "50", cursor: "c1" },
    ]);
    expect(stdout.split("\n")[0]).toMatch(
      /^SESSION +STATE +IMAGE +POLICY +CREATED +EXPIRES +RUNS +ENDED BY$/,
    );
    expect(stdout).toContain("ses_100 ");
  });

  test("ls and show tell why a session ended, with what was seen escaped", async () => {
    const termination = {
      reason: "memory",
      at: "2026-11-23T10:30:00.000Z",
      detail: "oom\u001b[2J",
      infra: false,
    };
    const ended = aSession({ state: "ended", termination });
    service
      .on("GET /v1/sessions", () => ({ items: [ended], nextCursor: null }))
      .on(`GET ${one}`, () => ended);
    expect((await run(["session", "ls"], { service })).stdout).toMatch(/ended .* memory\n/);
    const { stdout } = await run(["session", "show", ses], { service });
    expect(stdout).toContain("oom\\x1b[2J");
    expect(stdout).toMatch(/^reason +memory$/m);
    expect(stdout).toMatch(/^metadata +task=a b$/m);
    const json = await run(["session", "show", ses, "--json"], { service });
    expect(JSON.parse(json.stdout)).toEqual(ended);
  });

  test.each([
    ["interrupt", "POST", "/interrupt"],
    ["cancel", "POST", "/cancel"],
    ["reset", "POST", "/reset"],
    ["close", "DELETE", ""],
  ])("%s tells what state the session is in", async (verb, method, path) => {
    const termination = { reason: "closed", at: "2026-11-23T10:30:00.000Z", detail: "", infra: false };
    const after = verb === "close" ? aSession({ state: "ended", termination }) : aSession();
    service.on(`${method} ${one}${path}`, () => after);
    const { code, stdout } = await run(["session", verb, ses], { service });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${ses} ${verb === "close" ? "ended (closed)" : "idle"}\n`,
    });
    expect(service.asked).toHaveLength(1);
  });

  test("extend changes what was given", async () => {
    service.on(`PATCH ${one}`, () => aSession());
    expect((await run(["session", "extend", ses, "--ttl", "60000"], { service })).code).toBe(0);
    expect(service.asked[0]?.json).toEqual({ ttlMs: 60_000 });
    expect((await run(["session", "extend", ses], { service })).code).toBe(2);
  });

  test("a conflict is told in the service's words", async () => {
    service.on(`POST ${one}/interrupt`, problem(409, "conflict", "Nothing runs in the session"));
    expect(await run(["session", "interrupt", ses], { service })).toMatchObject({
      code: 125,
      stderr: "cloche: Nothing runs in the session (conflict)\n",
    });
  });

  test("an id can't become another path", async () => {
    expect((await run(["session", "close", ".."], { service })).code).toBe(2);
    await run(["session", "close", "a/../b?x=1"], { service });
    expect(service.asked.map(({ path }) => path)).toEqual(["/v1/sessions/a%2F..%2Fb%3Fx%3D1"]);
  });
});

describe("cloche session exec", () => {
  const exec = (...argv: string[]) =>
    run(["session", "exec", ses, ...argv], { service, cwd: aFolder(), stdin: "code()" });
  const action = () => service.askedFor(`POST ${one}/executions`)[0]?.json;
  const common = { env: {}, outputs: [] };

  beforeEach(() => {
    service
      .on(`POST ${one}/executions`, () => pending)
      .on(`GET /v1/executions/${exe}/events`, stream([started, finished()]));
  });

  test.each<[argv: string[], action: object]>([
    [["x * 2"], { ...common, code: "x * 2", fresh: false, args: [] }],
    [["-"], { ...common, code: "code()", fresh: false, args: [] }],
    [["x", "--fresh", "--", "-v"], { ...common, code: "x", fresh: true, args: ["-v"] }],
    [["--shell", "ls | wc"], { ...common, shell: "ls | wc", args: [] }],
    [["--", "ls", "-l", "--all"], { ...common, argv: ["ls", "-l", "--all"] }],
  ])("%j", async (argv, expected) => {
    expect((await exec(...argv)).code).toBe(0);
    expect(action()).toEqual(expected);
  });

  test.each([
    [[], /give CODE, --file, --shell or --/],
    [["--"], /give CODE/],
    [["x", "--shell", "y"], /one of CODE, --file and --shell/],
    [["--shell", "y", "--fresh"], /--fresh is for Python code only/],
    [["--file", "missing.py"], /"missing.py" cannot be read/],
  ])("%j is refused", async (argv, message) => {
    expect(await exec(...argv)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(service.asked).toEqual([]);
  });

  test("the value of the last expression is printed on a line of its own", async () => {
    const result = { forms: { "text/plain": "42", "image/png": "iVBORw0KGgo=" }, truncated: false };
    service.on(
      `GET /v1/executions/${exe}/events`,
      stream([
        started,
        { event: "stdout", data: { text: "no newline" } },
        { event: "result", data: result },
        finished(),
      ]),
    );
    const { stdout, stderr } = await exec("x");
    expect(stdout).toBe("no newline\n42\n");
    expect(stderr).toContain("image/png");
  });

  test("rich results are saved where there is an --output-dir", async () => {
    const result = {
      forms: { "text/plain": "<Figure>", "image/png": "iVBORw0KGgo=", "text/html": "<b>" },
      truncated: false,
    };
    service.on(
      `GET /v1/executions/${exe}/events`,
      stream([started, { event: "result", data: result }, finished()]),
    );
    const cwd = aFolder();
    const { code, stderr } = await run(["session", "exec", ses, "plot()", "--output-dir", "out"], {
      service,
      cwd,
    });
    expect(code).toBe(0);
    expect(stderr).toContain(`saved ${join(cwd, "out/result-2.png")}`);
    expect(stderr).toContain(`saved ${join(cwd, "out/result-2.html")}`);
  });
});
