import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, problem } from "./fake-service.ts";
import { run } from "./run-in-test.ts";
import { aSummary, ses } from "./samples.ts";

let service: FakeService;

beforeEach(async () => {
  service = await FakeService.start();
});
afterEach(() => service[Symbol.asyncDispose]());

describe("cloche ps", () => {
  const page = (...items: object[]) => ({ items, nextCursor: null });

  test("shows what is under way: queued and running, each once, the newest first", async () => {
    const at = (id: string, second: number, status: string) =>
      aSummary({
        id,
        createdAt: `2026-11-23T10:00:0${second}.000Z`,
        status,
        outcome: null,
        exitCode: null,
        wallMs: null,
      });
    service.on("GET /v1/executions", ({ query }) =>
      query["status"] === "queued"
        ? page(at("exe_3", 3, "queued"), at("exe_2", 2, "queued"))
        : page(at("exe_2", 2, "running"), at("exe_1", 1, "running")),
    );
    const { stdout } = await run(["ps", "--session", ses], { service });
    expect(stdout.split("\n").map((line) => line.split(/ +/).slice(0, 3).join(" "))).toEqual([
      "EXECUTION CREATED STATUS",
      "exe_3 2026-11-23T10:00:03Z queued",
      "exe_2 2026-11-23T10:00:02Z running",
      "exe_1 2026-11-23T10:00:01Z running",
      "",
    ]);
    expect(service.asked.map(({ query }) => query)).toEqual([
      { session: ses, status: "queued", limit: "50" },
      { session: ses, status: "running", limit: "50" },
    ]);
  });

  test.each([
    [["--all"], { limit: "50" }],
    [["--outcome", "time_limit", "--limit", "7"], { outcome: "time_limit", limit: "7" }],
    [["-a", "--tenant", "t"], { tenant: "t", limit: "50" }],
  ])("%j shows those that ended too", async (flags, query) => {
    const session = { id: ses, sequence: 1, interpreter: 1, stateLost: false };
    service.on("GET /v1/executions", () =>
      page(aSummary({ outcome: "time_limit", exitCode: null, session })),
    );
    const { stdout } = await run(["ps", ...flags], { service });
    expect(stdout).toMatch(new RegExp(`finished +time_limit +- +12 +python +script +${ses}\n$`));
    expect(service.asked.map((asked) => asked.query)).toEqual([query]);
  });

  test("--json prints one document", async () => {
    service.on("GET /v1/executions", () => page(aSummary()));
    expect(JSON.parse((await run(["ps", "--all", "--json"], { service })).stdout)).toEqual(page(aSummary()));
  });

  test("colours are for terminals, and not where NO_COLOR says no", async () => {
    service.on("GET /v1/executions", () => page(aSummary()));
    const coloured = async (options: object, ...flags: string[]) =>
      (await run(["ps", "-a", ...flags], { service, ...options })).stdout.includes("\u001b[");
    expect(await coloured({ terminal: true })).toBe(true);
    expect(await coloured({ terminal: true, env: { NO_COLOR: "" } })).toBe(true);
    expect(await coloured({ terminal: true, env: { NO_COLOR: "1" } })).toBe(false);
    expect(await coloured({ terminal: true, env: { TERM: "dumb" } })).toBe(false);
    expect(await coloured({ terminal: true }, "--no-color")).toBe(false);
    expect(await coloured({})).toBe(false);
  });
});

describe("cloche keys", () => {
  const key = {
    id: "key_1",
    name: "ci \u001b[2J",
    tenant: "a",
    role: "submitter",
    createdAt: "2026-11-23T10:00:00.000Z",
    revokedAt: null,
  };

  test("create prints the secret alone on standard output", async () => {
    service.on("POST /v1/keys", () => ({ ...key, secret: "s3cret" }));
    const { code, stdout, stderr } = await run(
      ["keys", "create", "ci", "--tenant", "a", "--role", "auditor"],
      { service },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: "s3cret\n" });
    expect(stderr).toBe("cloche: key_1 (submitter of a); its secret is not shown again\n");
    expect(service.asked[0]?.json).toEqual({ name: "ci", tenant: "a", role: "auditor" });
  });

  test("ls and revoke", async () => {
    service.on("GET /v1/keys", () => ({ items: [key] })).on("DELETE /v1/keys/key_1", () => key);
    expect((await run(["keys", "ls"], { service })).stdout).toMatch(
      /key_1 +a +submitter +2026-11-23T10:00:00Z +- +ci \\x1b\[2J\n$/,
    );
    expect((await run(["keys", "revoke", "key_1"], { service })).stdout).toBe("key_1 revoked\n");
  });

  test("a key that may not is told so", async () => {
    service.on("GET /v1/keys", problem(403, "forbidden", "Admins only"));
    expect(await run(["keys", "ls"], { service })).toMatchObject({
      code: 125,
      stderr: "cloche: Admins only (forbidden)\n",
    });
  });
});

describe("cloche tenants", () => {
  const limits = {
    sandboxes: 10,
    queued: 20,
    requestsPerMinute: 600,
    cpuSecondsPerDay: null,
    bytesPerDay: 1000,
  };
  const tenant = {
    name: "a",
    limits,
    usage: { cpuSeconds: 1.4, bytes: 5 },
    running: { sandboxes: 2, queued: 0 },
  };

  test("ls and show", async () => {
    service.on("GET /v1/tenants", () => ({ items: [tenant] })).on("GET /v1/tenants/a", () => tenant);
    expect((await run(["tenants", "ls"], { service })).stdout).toMatch(/^a +2\/10 +0\/20 +1 +5$/m);
    const { stdout } = await run(["tenants", "show", "a"], { service });
    expect(stdout).toMatch(/^cpu-seconds-per-day +1 of any$/m);
    expect(stdout).toMatch(/^bytes-per-day +5 of 1000$/m);
  });

  test("limits changes what was given and keeps the rest", async () => {
    service.on("GET /v1/tenants/a", () => tenant).on("PUT /v1/tenants/a/limits", () => tenant);
    const flags = ["--sandboxes", "3", "--cpu-seconds-per-day", "60", "--bytes-per-day", "none"];
    expect((await run(["tenants", "limits", "a", ...flags], { service })).code).toBe(0);
    expect(service.asked.at(-1)?.json).toEqual({
      ...limits,
      sandboxes: 3,
      cpuSecondsPerDay: 60,
      bytesPerDay: null,
    });
  });

  test("limits refuses what is no bound, and nothing at all", async () => {
    const bad = await run(["tenants", "limits", "a", "--bytes-per-day", "lots"], { service });
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--bytes-per-day must be a whole number or none"),
    });
    expect((await run(["tenants", "limits", "a"], { service })).code).toBe(2);
    expect(service.asked).toEqual([]);
  });
});

describe("cloche images, policies and status", () => {
  test("images and policies", async () => {
    const image = {
      name: "python",
      description: "d",
      python: "3.13",
      packages: { a: "1", b: "2" },
      digest: "sha256:abcdef0123456789",
      sizeBytes: 50 * 2 ** 20,
    };
    const policy = {
      name: "default",
      description: "d",
      images: ["python"],
      isolation: { tier: "container", runtime: "runc" },
      syscalls: { tier: "std" },
      network: "none",
      limits: { wallMs: 30_000, memoryMiB: 512 },
      digest: "0123456789abcdef",
    };
    service
      .on("GET /v1/images", () => ({ items: [image] }))
      .on("GET /v1/policies", () => ({ items: [policy] }));
    expect((await run(["images"], { service })).stdout).toMatch(/^python +3\.13 +2 +50 +abcdef012345 +d$/m);
    expect((await run(["policies"], { service })).stdout).toMatch(
      /^default +container +runc +std +30000 +512 +none +python +0123456789ab +d$/m,
    );
    expect(JSON.parse((await run(["images", "--json"], { service })).stdout)).toEqual({ items: [image] });
  });

  const readiness = (ready: boolean) => ({
    ready,
    checks: [{ name: "engine", ok: ready, detail: "answers" }],
    pools: [{ image: "python", policy: "default", state: "ok", warm: 4, creating: 0, waiting: 0, target: 4 }],
  });

  test("a service that is ready", async () => {
    service.on("GET /readyz", () => readiness(true));
    const { code, stdout } = await run(["status"], { service });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^ready\n/) });
    expect(stdout).toMatch(/^python +default +ok +4\/4 +0 +0 +-$/m);
  });

  test("one that is not says why, and is a fault", async () => {
    service.on(
      "GET /readyz",
      (_, response) => void response.writeHead(503).end(JSON.stringify(readiness(false))),
    );
    expect(await run(["status"], { service })).toMatchObject({
      code: 125,
      stdout: expect.stringMatching(/^not ready\n[\s\S]*engine +no/),
    });
    const json = await run(["status", "--json"], { service });
    expect({ code: json.code, document: JSON.parse(json.stdout) }).toEqual({
      code: 125,
      document: readiness(false),
    });
    expect(service.asked).toHaveLength(2);
  });

  test("what is no Cloche is no answer", async () => {
    service.on("GET /readyz", () => ({ hello: "world" }));
    expect(await run(["status"], { service })).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("does not answer as Cloche does"),
    });
  });
});
