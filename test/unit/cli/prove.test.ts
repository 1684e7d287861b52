import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseAttemptIds } from "../../../src/cli/proofs/attempt-ids.ts";
import { FakeService } from "./fake-service.ts";
import { aFolder, run, start } from "./run-in-test.ts";

let service: FakeService;
beforeEach(async () => {
  service = await FakeService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

const aProof = (change: object = {}) => ({
  id: "prf_1",
  status: "finished",
  policy: { name: "default", digest: "sha256:1" },
  summary: { blocked: 2, contained: 1, escaped: 0, inconclusive: 0 },
  total: 3,
  underWay: [],
  attempts: [],
  error: null,
  ms: 1500,
  ...change,
});

/** A proof that ends at the second look; its report says in which form it was asked for. */
const serve = (end: object = {}) => {
  const running = aProof({ status: "running", underWay: ["Open a door\u001b[2J"] });
  service.on("POST /v1/proofs", () => running);
  service.inTurn(
    "GET /v1/proofs/prf_1",
    () => running,
    () => aProof(end),
    ({ headers, query }, response) => {
      response.setHeader("content-type", "text/plain");
      response.end(`${headers.accept?.split(",")[0]} ${query["with"] ?? ""}\n`);
    },
  );
};

describe("cloche prove", () => {
  test("tells how far it is, prints the report and ends with 0 where everything held", async () => {
    serve();
    const { code, stdout, stderr } = await run(["prove"], { service });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "text/plain \n" });
    expect(stderr).toBe(
      "default: 3 attempts in 1.5 s: 2 blocked, 1 contained, 0 escaped, 0 inconclusive (prf_1)\n",
    );
    expect(service.askedFor("POST /v1/proofs")[0]?.json).toEqual({ policy: "default" });
  });

  test("shows titles on a terminal without what they would do to it", async () => {
    serve();
    const { stderr } = await run(["prove", "--no-color"], { service, terminal: true });
    expect(stderr).toContain("default  0/3  Open a door\\x1b[2J");
  });

  test.each([
    [{ summary: { blocked: 2, contained: 0, escaped: 1, inconclusive: 0 } }],
    [{ summary: { blocked: 2, contained: 0, escaped: 0, inconclusive: 1 } }],
    [{ status: "failed", error: "It was cancelled" }],
  ])("ends with 1 for %j", async (end) => {
    serve(end);
    expect((await run(["prove"], { service })).code).toBe(1);
  });

  test("asks for what the options say, policy after policy, and writes one page", async () => {
    service.on("POST /v1/proofs", ({ json }) => aProof({ id: `prf_${(json as { policy: string }).policy}` }));
    service.on("GET /v1/proofs/prf_default", ({ headers, query }, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`${headers.accept?.split(",")[0]} ${query["with"]}`);
    });
    const cwd = aFolder();
    const argv = [
      "prove",
      "--policy",
      "default",
      "--policy",
      "strict",
      "--tier",
      "cell",
      "--runtime",
      "runsc",
    ];
    const { code, stdout } = await run([...argv, "--attempts", "1,4-6", "--output", "report.html"], {
      service,
      cwd,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(readFileSync(join(cwd, "report.html"), "utf8")).toBe("text/html prf_strict");
    expect(service.askedFor("POST /v1/proofs").map(({ json }) => json)).toEqual(
      ["default", "strict"].map((policy) => ({
        policy,
        runtime: "runsc",
        tier: "cell",
        attempts: [1, 4, 5, 6],
      })),
    );
  });

  test.each([
    [["--output", "missing/x.html"], 125, "there is no such file or folder"],
    [["--output", "."], 125, "it is a folder"],
    [["--output", "x.pdf"], 2, 'what form is ".pdf"?'],
  ])("%j is refused before anything is tried", async (flags, expected, message) => {
    const { code, stderr } = await run(["prove", ...flags], { service, cwd: aFolder() });
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
    expect(service.asked).toEqual([]);
  });

  test("with --format a file may be called anything", async () => {
    serve();
    const cwd = aFolder();
    await run(["prove", "--output", "x.pdf", "--format", "text"], { service, cwd });
    expect(readdirSync(cwd)).toEqual(["x.pdf"]);
  });

  test("--list shows what there is to try, and tries nothing", async () => {
    const attempt = {
      id: 7,
      name: "bpf",
      title: "Load a program",
      class: "system_calls",
      techniques: ["T1611"],
    };
    service.on("GET /v1/attempts", () => ({ items: [attempt] }));
    const { code, stdout } = await run(["prove", "--list"], { service });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ 7 {2}system calls {2}T1611 +Load a program$/m);
    expect(service.asked).toHaveLength(1);
  });

  test("prints JSON as it came, for one proof and for several", async () => {
    service.on("POST /v1/proofs", () => aProof());
    expect(JSON.parse((await run(["prove", "--json"], { service })).stdout)).toEqual(aProof());
    const several = await run(["prove", "--policy", "a", "--policy", "b", "--format", "json"], { service });
    expect(JSON.parse(several.stdout)).toEqual({ items: [aProof(), aProof()] });
  });

  test("Ctrl-C cancels it on the service", async () => {
    let cancelled = false;
    service.on("POST /v1/proofs", () => aProof({ status: "running" }));
    service.on("POST /v1/proofs/prf_1/cancel", () => {
      cancelled = true;
      return {};
    });
    service.on("GET /v1/proofs/prf_1", ({ headers }, response) => {
      if (headers.accept?.startsWith("text/plain")) return void response.end("report\n");
      return aProof(cancelled ? { status: "failed", error: "It was cancelled" } : { status: "running" });
    });
    const running = start(["prove"], { service });
    while (service.askedFor("GET /v1/proofs/prf_1").length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    running.signal("SIGINT");
    expect(await running.ended).toMatchObject({
      code: 1,
      stderr: "default: failed: It was cancelled (prf_1)\n",
    });
  });
});

test.each([
  ["1", [1]],
  ["1,4-6,5", [1, 4, 5, 6]],
  [" 2 , 3 ", [2, 3]],
])("%j are attempts", (text, ids) => {
  expect(parseAttemptIds(text)).toEqual(ids);
});

test.each(["", "x", "3-1", "1-9999", "1;2", "-4"])("%j are no attempts", (text) => {
  expect(() => parseAttemptIds(text)).toThrow("--attempts takes numbers and ranges");
});
