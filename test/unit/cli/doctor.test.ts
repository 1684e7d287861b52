import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aPosture } from "../../support/posture.ts";
import { FakeService, problem } from "./fake-service.ts";
import { run } from "./run-in-test.ts";

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

const check = (name: string, result: "holds" | "fails" | "unknown" | "not_applicable") => ({
  name,
  control: null,
  result,
  evidence: `what ${name} did`,
});
const tested = (...checks: ReturnType<typeof check>[]) => ({
  at: "2026-11-23T10:00:00.000Z",
  policy: "default",
  runtime: "runc",
  checks,
});

describe("cloche doctor", () => {
  test("shows what holds and exits with 0", async () => {
    const posture = aPosture({
      selfTest: tested(
        check("memory_limit", "holds"),
        check("landlock_in_force", "fails"),
        check("process_limit", "not_applicable"),
      ),
    });
    service.on("GET /v1/posture", () => posture);
    const { stdout, code } = await run(["doctor"], { service });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^acceptable \(minimum: controls\)$/m);
    expect(stdout).toMatch(/^memory_limit +holds +what memory_limit did$/m);
    expect(stdout).toMatch(/^process_limit +not applicable +what process_limit did$/m);
    expect(stdout).toMatch(/^runtimes +runc 1\.3\.4: works$/m);
  });

  test("shows what does not hold with its remedy and exits with 1", async () => {
    const finding = {
      id: "self-test-memory-limit",
      severity: "error" as const,
      message: "memory_limit does not hold",
      references: ["CVE-1-2"],
      remedy: "Boot with cgroup_enable=memory",
    };
    service.on("GET /v1/posture", () => aPosture({ acceptable: false, findings: [finding] }));
    const { stdout, code } = await run(["doctor"], { service });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^not acceptable/m);
    expect(stdout).toMatch(
      /^error {2}self-test-memory-limit\n {2}memory_limit does not hold\n {2}CVE-1-2\n {2}Remedy: Boot/m,
    );
  });

  test.each([
    [["--check"], {}],
    [["--policy", "strict"], { policy: "strict" }],
    [["--runtime", "runsc"], { runtime: "runsc" }],
  ])("%j tests anew", async (flags, body) => {
    service.on("POST /v1/posture/checks", () =>
      aPosture({ selfTest: tested(check("wall_time", "unknown")) }),
    );
    const { code } = await run(["doctor", ...flags], { service });
    expect(service.asked.map(({ json }) => json)).toEqual([body]);
    expect(code).toBe(1);
  });

  test("--json prints the posture", async () => {
    service.on("GET /v1/posture", () => aPosture());
    const { stdout } = await run(["doctor", "--json"], { service });
    expect(JSON.parse(stdout)).toEqual(aPosture());
  });

  test("a service that is not up: how to start it", async () => {
    await service[Symbol.asyncDispose]();
    const { stderr, code } = await run(["doctor"], { service });
    expect(stderr).toContain("Start it with: npm start");
    expect(code).not.toBe(0);
  });

  test("a host of which nothing is known: why", async () => {
    service.on(
      "GET /v1/posture",
      problem(503, "posture_refused", "This host may not run code: the engine is away"),
    );
    const { stderr, code } = await run(["doctor"], { service });
    expect(stderr).toContain("the engine is away");
    expect(code).not.toBe(0);
  });
});
