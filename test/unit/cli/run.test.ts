import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem, type Sent, stream } from "./fake-service.ts";
import { aFolder, run, start } from "./run-in-test.ts";
import { anExecution, exe, finished, pending, ses, started } from "./samples.ts";

let service: FakeService;
let cwd: string;

beforeEach(async () => {
  service = await FakeService.start();
  cwd = aFolder();
  writeFileSync(join(cwd, "a.py"), "print(1)\n");
});
afterEach(() => service[Symbol.asyncDispose]());

/** The service accepts it, and tells these events. */
const accept = (...events: Sent[]) =>
  service
    .on("POST /v1/executions", (_, response) => {
      response.statusCode = 202;
      response.end(JSON.stringify(pending));
    })
    .on(`GET /v1/executions/${exe}/events`, stream(events));

const submitted = () => service.askedFor("POST /v1/executions")[0];

describe("cloche run", () => {
  test("output goes where it belongs, byte by byte; nothing of ours is among it", async () => {
    const binary = Buffer.from([0, 255, 13, 10, 27, 128]);
    accept(
      started,
      { event: "stdout", data: { text: "ä\r\n" } },
      { event: "stderr", data: { text: "\u001b[1merr\n" } },
      { event: "stdout", data: { base64: binary.toString("base64") } },
      { event: "unheard_of", data: {} },
      finished(),
    );
    const { code, bytes, stderr } = await run(["run", "a.py"], { service, cwd });
    expect(bytes).toEqual(Buffer.concat([Buffer.from("ä\r\n"), binary]));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "\u001b[1merr\n" });
  });

  test("output is there before the run ends", async () => {
    const release = Promise.withResolvers<void>();
    accept().on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started, { event: "stdout", data: { text: "early\n" } }], { open: true })(asked, response);
      await release.promise;
      response.end(`id: 3\nevent: finished\ndata: ${JSON.stringify(finished().data)}\n\n`);
    });
    const running = start(["run", "a.py"], { service, cwd });
    await running.says("early");
    release.resolve();
    expect((await running.ended).code).toBe(0);
  });

  test("everything of the command line is in the action", async () => {
    accept(finished());
    writeFileSync(join(cwd, "in.txt"), "text");
    writeFileSync(join(cwd, "in.bin"), Buffer.from([255]));
    writeFileSync(join(cwd, "stdin.txt"), "line\n");
    const flags = "--image i --policy p --timeout 1000 --stdin stdin.txt --env A=1=2 --seed 7";
    const files = "--file in.txt --file in.bin:data/x.bin --output *.png --output-dir out";
    const argv = ["run", "a.py", ...flags.split(" "), ...files.split(" "), "--", "-v", "x"];
    expect((await run(argv, { service, cwd })).code).toBe(0);
    expect(submitted()?.json).toEqual({
      code: "print(1)\n",
      image: "i",
      policy: "p",
      limits: { wallMs: 1000 },
      stdin: "line\n",
      env: { A: "1=2" },
      seed: 7,
      files: { "in.txt": "text", "data/x.bin": { base64: "/w==" } },
      outputs: ["*.png"],
      args: ["-v", "x"],
    });
    expect(submitted()?.headers).toMatchObject({ prefer: "respond-async" });
  });

  test("the code may come from standard input", async () => {
    accept(finished());
    await run(["run", "-"], { service, cwd, stdin: "print(2)" });
    expect(submitted()?.json).toMatchObject({ code: "print(2)" });
  });

  test.each<[observation: object, code: number, summary: string]>([
    [{ outcome: "ok", exitCode: 0 }, 0, ""],
    [
      {
        outcome: "exception",
        exitCode: 1,
        evidence: { signal: null, reported: { exception: "Value\u001bError" } },
      },
      1,
      "cloche: exception: Value\\x1bError\n",
    ],
    [{ outcome: "nonzero_exit", exitCode: 42 }, 42, "cloche: nonzero_exit: exit code 42\n"],
    [
      { outcome: "signalled", exitCode: null, evidence: { signal: "SIGSEGV", reported: null } },
      139,
      "cloche: signalled by SIGSEGV\n",
    ],
    [
      { outcome: "time_limit", exitCode: null, usage: { wallMs: 1000.2 } },
      124,
      "cloche: time_limit after 1000 ms\n",
    ],
    [{ outcome: "cpu_limit", exitCode: null }, 124, "cloche: cpu_limit after 12 ms\n"],
    [{ outcome: "memory_limit", exitCode: null }, 137, "cloche: memory_limit after 12 ms\n"],
    [{ outcome: "memory_limit", exitCode: 3 }, 3, "cloche: memory_limit after 12 ms\n"],
    [
      { outcome: "output_limit", exitCode: null, evidence: { signal: "SIGKILL", reported: null } },
      137,
      "cloche: output_limit after 12 ms\n",
    ],
    [{ outcome: "disk_limit", exitCode: 1 }, 1, "cloche: disk_limit after 12 ms\n"],
    [{ outcome: "cancelled", exitCode: null }, 130, "cloche: cancelled\n"],
    [{ outcome: "cancelled", exitCode: 1 }, 130, "cloche: cancelled\n"],
    [{ outcome: "time_limit", exitCode: 0 }, 124, "cloche: time_limit after 12 ms\n"],
    [{ truncated: { stdout: true, stderr: false } }, 0, "cloche: stdout was cut at its bound\n"],
  ])("%j ends with %i", async (observation, code, summary) => {
    accept(finished(observation));
    expect(await run(["run", "a.py"], { service, cwd })).toMatchObject({ code, stdout: "", stderr: summary });
  });

  test("a line of ours begins on a line of its own", async () => {
    accept(
      { event: "stderr", data: { text: "no newline" } },
      finished({ outcome: "cancelled", exitCode: null }),
    );
    const { stderr } = await run(["run", "a.py"], { service, cwd });
    expect(stderr).toBe("no newline\ncloche: cancelled\n");
  });

  test("a fault of the service is 125, and not an outcome", async () => {
    accept(started, {
      event: "error",
      data: { code: "sandbox_failed", detail: "The sandbox broke", retryable: true, infra: true },
    });
    const { code, stderr } = await run(["run", "a.py"], { service, cwd });
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr: "cloche: The sandbox broke (sandbox_failed)\n  Trying again later may work\n",
    });
  });

  test("a refused action says field by field what is wrong", async () => {
    const issues = [{ field: "limits.wallMs", message: "must be at most 30000\u001b[2J" }];
    service.on(
      "POST /v1/executions",
      problem(400, "invalid_request", "The request is wrong", { body: { issues } }),
    );
    const { code, stderr } = await run(["run", "a.py"], { service, cwd });
    expect({ code, stderr }).toEqual({
      code: 125,
      stderr:
        "cloche: The request is wrong (invalid_request)\n  limits.wallMs: must be at most 30000\\x1b[2J\n",
    });
  });

  test("--json prints one event a line, also of what the terminal would obey", async () => {
    accept(
      started,
      { event: "stdout", data: { text: "\u001b\u009b\n" } },
      finished({ exitCode: 3, outcome: "nonzero_exit" }),
    );
    const { code, stdout, stderr } = await run(["--json", "run", "a.py"], { service, cwd });
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: 1, event: "started", ...started.data },
      { id: 2, event: "stdout", text: "\u001b\u009b\n" },
      { id: 3, event: "finished", execution: anExecution({ exitCode: 3, outcome: "nonzero_exit" }) },
    ]);
    expect(stdout).not.toMatch(/[\u009b]/);
    expect({ code, stderr }).toEqual({ code: 3, stderr: "" });
  });

  test("--json tells errors as JSON", async () => {
    service.on("POST /v1/executions", problem(403, "policy_denied", "No"));
    const { code, stdout, stderr } = await run(["run", "a.py", "--json"], { service, cwd });
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "policy_denied", detail: "No", retryable: false },
    });
    expect(JSON.parse((await run(["run", "--json"])).stderr)).toMatchObject({ error: { code: "usage" } });
  });

  test("a reader that went away ends the run, without a word", async () => {
    accept(started, { event: "stdout", data: { text: "x" } }).on(
      `POST /v1/executions/${exe}/cancel`,
      () => pending,
    );
    const { code, stderr } = await run(["run", "a.py"], { service, cwd, brokenPipe: true });
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
    expect(service.askedFor(`POST /v1/executions/${exe}/cancel`)).toHaveLength(1);
  });
});

describe("output files", () => {
  const outputs = (...files: object[]) =>
    finished({ outputs: { files, skipped: [{ path: "p\u001b", reason: "too_large" }] } });

  test("are saved below --output-dir, and what did not come back is told", async () => {
    accept(outputs({ path: "a.txt", bytes: 1, text: "ä" }, { path: "d/e.bin", bytes: 2, base64: "/wA=" }));
    const argv = ["run", "a.py", "--output", "**", "--output-dir", "out"];
    const { code, stderr } = await run(argv, { service, cwd });
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, "out/a.txt"), "utf8")).toBe("ä");
    expect(readFileSync(join(cwd, "out/d/e.bin"))).toEqual(Buffer.from([255, 0]));
    expect(stderr).toContain("cloche: p\\x1b did not come back: too_large\n");
    expect(stderr).toContain(`cloche: saved ${join(cwd, "out/d/e.bin")}\n`);
  });

  test.each(["../evil", "/etc/evil", "a/../../evil", "a//b", ".", ""])(
    "the name %j is refused",
    async (path) => {
      accept(outputs({ path, bytes: 1, text: "x" }));
      const { code, stderr } = await run(["run", "a.py", "--output", "**", "--output-dir", "out"], {
        service,
        cwd,
      });
      expect(code).toBe(125);
      expect(stderr).toContain("is no name to save a file under");
    },
  );

  test("never go to the working folder unless that is said", async () => {
    const { code, stderr } = await run(["run", "a.py", "--output", "*"], { service, cwd });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--output needs --output-dir"),
    });
    expect(service.asked).toEqual([]);
  });
});

describe("standard input of the run", () => {
  const fed = () => service.askedFor(`POST /v1/executions/${exe}/stdin`);

  test("--stdin - is handed on piece by piece while it runs, once it runs", async () => {
    const closed = Promise.withResolvers<void>();
    accept().on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started], { open: true })(asked, response);
      await closed.promise;
      response.end(`id: 2\nevent: finished\ndata: ${JSON.stringify(finished().data)}\n\n`);
    });
    service.on(`POST /v1/executions/${exe}/stdin`, ({ query }, response) => {
      if (query["close"]) closed.resolve();
      response.writeHead(204).end();
    });
    const stdin = Readable.from([Buffer.alloc(100 * 1024, 1), Buffer.from([255])]);
    expect((await run(["run", "a.py", "--stdin", "-"], { service, cwd, stdin })).code).toBe(0);
    expect(submitted()?.json).toMatchObject({ keepStdin: true });
    expect(Buffer.concat(fed().map(({ body }) => body))).toEqual(
      Buffer.concat([Buffer.alloc(100 * 1024, 1), Buffer.from([255])]),
    );
    expect(fed().map(({ query }) => query["close"])).toEqual([undefined, undefined, undefined, "true"]);
    expect(new Set(fed().map(({ headers }) => headers["idempotency-key"])).size).toBe(4);
  });

  test("a program that takes no more for a while is asked again, one that closed it is left alone", async () => {
    const over = Promise.withResolvers<void>();
    accept().on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started], { open: true })(asked, response);
      await over.promise;
      response.end(`id: 2\nevent: finished\ndata: ${JSON.stringify(finished().data)}\n\n`);
    });
    const taken: string[] = [];
    service.inTurn(
      `POST /v1/executions/${exe}/stdin`,
      problem(409, "file_refused", "the program takes no more at the moment"),
      ({ body }, response) => {
        taken.push(body.toString());
        response.writeHead(204).end();
      },
      (asked, response) => {
        over.resolve();
        return problem(409, "conflict", "It has no open stdin")(asked, response);
      },
    );
    const ended = await run(["run", "a.py", "--stdin", "-"], { service, cwd, stdin: "abc" });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(taken).toEqual(["abc"]);
  });

  test("what is no text is fed, since an action can't hold it", async () => {
    writeFileSync(join(cwd, "in.bin"), Buffer.from([255, 0]));
    const closed = Promise.withResolvers<void>();
    accept().on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started], { open: true })(asked, response);
      await closed.promise;
      response.end(`id: 2\nevent: finished\ndata: ${JSON.stringify(finished().data)}\n\n`);
    });
    service.on(`POST /v1/executions/${exe}/stdin`, ({ query }, response) => {
      if (query["close"]) closed.resolve();
      response.writeHead(204).end();
    });
    expect((await run(["run", "a.py", "--stdin", "in.bin"], { service, cwd })).code).toBe(0);
    expect(fed()[0]?.body).toEqual(Buffer.from([255, 0]));
  });

  test("what can't be sent cancels the run, and is a fault", async () => {
    const cancelled = Promise.withResolvers<void>();
    accept().on(`GET /v1/executions/${exe}/events`, async (asked, response) => {
      stream([started], { open: true })(asked, response);
      await cancelled.promise;
      const last = finished({ outcome: "cancelled", exitCode: null });
      response.end(`id: 2\nevent: finished\ndata: ${JSON.stringify(last.data)}\n\n`);
    });
    service.on(`POST /v1/executions/${exe}/cancel`, () => {
      cancelled.resolve();
      return pending;
    });
    service.on(`POST /v1/executions/${exe}/stdin`, problem(413, "payload_too_large", "Too much"));
    const { code, stderr } = await run(["run", "a.py", "--stdin", "-"], { service, cwd, stdin: "abc" });
    expect(code).toBe(125);
    expect(stderr).toContain("its standard input could not be sent: Too much");
  });
});

describe("in a session", () => {
  test("the files go into its workspace first, then the code runs in its interpreter", async () => {
    writeFileSync(join(cwd, "in.txt"), "text");
    service
      .on(`PUT /v1/sessions/${ses}/files/data/a%20b.txt`, () => ({}))
      .on(`POST /v1/sessions/${ses}/executions`, () => pending)
      .on(
        `GET /v1/executions/${exe}/events`,
        stream([finished({}, { session: { id: ses, sequence: 1, stateLost: true } })]),
      );
    const argv = ["run", "a.py", "--session", ses, "--fresh", "--file", "in.txt:data/a b.txt"];
    const { code, stderr } = await run(argv, { service, cwd });
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("state is lost") });
    expect(service.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `PUT /v1/sessions/${ses}/files/data/a%20b.txt`,
      `POST /v1/sessions/${ses}/executions`,
      `GET /v1/executions/${exe}/events`,
    ]);
    expect(service.asked[0]?.body.toString()).toBe("text");
    expect(service.asked[1]?.json).toEqual({
      code: "print(1)\n",
      args: [],
      env: {},
      outputs: [],
      fresh: true,
    });
  });

  test.each([
    [["--session", ses, "--image", "x"], /--image is the session's own/],
    [["--session", ses, "--seed", "1"], /--seed is the session's own/],
    [["--fresh"], /--fresh needs --session/],
    [["--env", "A"], /--env must be NAME=VALUE, not "A"/],
    [["--file", ":x"], /--file must be LOCAL or LOCAL:PATH/],
    [["--file", "missing"], /"missing" cannot be read: there is no such file/],
    [["--stdin", "missing"], /"missing" cannot be read/],
  ])("%j is refused before anything is sent", async (flags, message) => {
    const { code, stderr } = await run(["run", "a.py", ...flags], { service, cwd });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) });
    expect(service.asked).toEqual([]);
  });

  test("code that is missing or no text is refused", async () => {
    writeFileSync(join(cwd, "bin.py"), Buffer.from([255]));
    expect(await run(["run", "no.py"], { service, cwd })).toMatchObject({
      code: 2,
      stderr: 'cloche: "no.py" cannot be read: there is no such file or folder\n',
    });
    expect(await run(["run", "bin.py"], { service, cwd })).toMatchObject({
      code: 2,
      stderr: 'cloche: "bin.py" is not UTF-8\n',
    });
    const both = await run(["run", "-", "--stdin", "-"], { service, cwd });
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining("both the code and --stdin") });
  });
});
