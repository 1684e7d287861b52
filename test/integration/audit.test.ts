/** The audit log of the real service: what it has of it, after a kill too, and with a disk that is full. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkOcsf } from "../../scripts/ocsf/check-ocsf.ts";
import type { AuditEvent } from "../../src/cli/audit/event.ts";
import { keysFor } from "../../src/cli/audit/keys.ts";
import { toOcsf } from "../../src/cli/audit/ocsf.ts";
import { verifyFolder } from "../../src/cli/audit/verify-folder.ts";
import { auditEventTypes } from "../../src/domain/audit-event.ts";
import { executionSchema } from "../../src/domain/execution.ts";
import { trustKeys } from "../../src/integrity/audit-statement.ts";
import { rechained } from "../support/rechained.ts";
import { until } from "../support/service.ts";
import { ServiceProcesses } from "../support/service-processes.ts";

let processes: ServiceProcesses;
beforeEach(() => {
  processes = new ServiceProcesses();
});
afterEach(async () => {
  await processes[Symbol.asyncDispose]();
});

const folder = () => join(processes.stateDir, "audit");
const verify = () => verifyFolder(folder(), trustKeys(keysFor(folder(), undefined)));
const events = (): AuditEvent[] =>
  readdirSync(folder())
    .filter((name) => name.startsWith("audit-"))
    .sort()
    .flatMap((name) => readFileSync(join(folder(), name), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line));

/** As much of an answer as is looked at here. */
interface Body {
  id: string;
  secret: string;
  action: { policy: { digest: string } };
  items: AuditEvent[];
  checks: object[];
}
const bodyOf = async (response: Response) => (await response.json()) as Body;

type Request = (path: string, init?: RequestInit) => Promise<Response>;
const post = (request: Request, path: string, body: object, headers: Record<string, string> = {}) =>
  request(path, { method: "POST", body: JSON.stringify(body), headers });

test("has who did what, under what, and how it ended; and an auditor reads of it its tenant's", async () => {
  const service = await processes.start({ CLOCHE_POOL_TARGET: "1" });
  const { request } = service;
  const ran = await bodyOf(await post(request, "/v1/executions", { code: "print('a secret of the code')" }));
  const session = await bodyOf(await post(request, "/v1/sessions", {}));
  await request(`/v1/sessions/${session.id}/files/private-name.txt`, {
    method: "PUT",
    body: "private content",
  });
  await request(`/v1/sessions/${session.id}`, { method: "DELETE" });
  const key = await bodyOf(await post(request, "/v1/keys", { name: "a", tenant: "t", role: "auditor" }));
  const asAuditor = { authorization: `Bearer ${key.secret}` };
  expect((await request(`/v1/executions/${ran.id}`, { headers: asAuditor })).status).toBe(403);
  expect((await request(`/v1/executions/${ran.id}/receipt`, { headers: asAuditor })).status).toBe(404);
  const seen = await bodyOf(await request("/v1/audit/events", { headers: asAuditor }));
  expect(seen.items.map(({ type }) => type)).toEqual(["access.denied", "key.created"]);
  expect(await service.stop("SIGTERM")).toEqual([0, null]);

  const all = events();
  const types = all.filter(({ type }) => type !== "policy.loaded").map(({ type }) => type);
  expect(types).toEqual([
    "service.started",
    "execution.accepted",
    "execution.finished",
    "session.opened",
    "files.written",
    "session.ended",
    "key.created",
    "access.denied",
    "service.stopped",
  ]);
  expect(all.find(({ type }) => type === "execution.accepted")).toMatchObject({
    tenant: "default",
    actor: { keyId: "file", role: "admin" },
    subject: { execution: ran.id },
    data: { policy: "default", policyDigest: ran.action.policy.digest },
  });
  expect(all.find(({ type }) => type === "execution.finished")?.data).toMatchObject({
    outcome: "ok",
    exitCode: 0,
    receipt: expect.stringMatching(/^sha256:/),
  });
  expect(JSON.stringify(all)).not.toMatch(/secret of the code|private-name|private content/);
  expect(verify()).toMatchObject({ finding: undefined, proven: all.length });
});

test("a service that is killed while it writes leaves a whole log, with everything that it answered", {
  timeout: 120_000,
}, async () => {
  const answered: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const service = await processes.start({ CLOCHE_POOL_TARGET: "2" });
    const callers = Array.from({ length: 4 }, async () => {
      for (;;) {
        try {
          const response = await post(service.request, "/v1/executions", { code: `print(${round})` });
          answered.push(executionSchema.parse(await response.json()).id);
        } catch {
          return;
        }
      }
    });
    const goal = answered.length + 3 + round * 2;
    await until(() => answered.length >= goal);
    await service.stop("SIGKILL");
    await Promise.all(callers);
    expect(verify().finding).toBeUndefined();
  }
  const service = await processes.start();
  const all = events();
  for (const id of answered) {
    const about = all.filter(({ subject }) => subject["execution"] === id).map(({ type }) => type);
    expect(about).toEqual(["execution.accepted", "execution.finished"]);
    expect((await service.request(`/v1/executions/${id}`)).status).toBe(200);
  }
  expect(await service.stop("SIGTERM")).toEqual([0, null]);
  expect(verify().finding).toBeUndefined();
});

test("a service does not start on a log that somebody without its key wrote anew, or cut back", {
  timeout: 120_000,
}, async () => {
  const service = await processes.start();
  const nobody = { authorization: "Bearer nobody's" };
  expect((await service.request("/v1/keys", { headers: nobody })).status).toBe(401);
  expect(await service.stop("SIGTERM")).toEqual([0, null]);
  const again = await processes.start();
  expect(await again.stop("SIGTERM")).toEqual([0, null]);
  const log = join(folder(), "audit-000001.jsonl");
  const heads = join(folder(), "heads.jsonl");
  const untouched = [log, heads].map((file) => readFileSync(file, "utf8"));
  const [records = [], signed = []] = untouched.map((text) => text.trim().split("\n"));
  const toText = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
  const assertRefused = async () => {
    expect(verify().finding).toBeDefined();
    const { child, url } = await processes.start();
    const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
    expect({ code, url }).toEqual({ code: 1, url: "" });
  };

  const withoutDenials = records.filter((line) => !line.includes("access.denied"));
  expect(withoutDenials.length).toBe(records.length - 1);
  writeFileSync(log, toText(rechained(withoutDenials, 0)));
  rmSync(heads);
  rmSync(join(folder(), "tree.bin"));
  await assertRefused();

  const early = signed.find((line) => JSON.parse(line).treeSize > 1) ?? "";
  writeFileSync(log, toText(records.slice(0, JSON.parse(early).treeSize)));
  writeFileSync(heads, toText(signed.slice(0, signed.indexOf(early) + 1)));
  await assertRefused();

  writeFileSync(log, untouched[0] ?? "");
  writeFileSync(heads, untouched[1] ?? "");
  const control = await processes.start();
  expect(await control.stop("SIGTERM")).toEqual([0, null]);
  expect(verify().finding).toBeUndefined();
});

test("with a full disk nothing runs, readiness says so, and all goes on when there is room", async () => {
  mkdirSync(folder(), { recursive: true });
  // A file system of its own for the log, in a mount namespace that ends with the service.
  const child = spawn(
    "unshare",
    [
      "-m",
      "sh",
      "-c",
      `mount -t tmpfs -o size=256k,mode=700 audit "$0" && exec "$@"`,
      folder(),
      process.execPath,
      "src/main.ts",
    ],
    {
      cwd: join(import.meta.dirname, "../.."),
      env: {
        ...process.env,
        CLOCHE_STATE_DIR: processes.stateDir,
        CLOCHE_PORT: "0",
        CLOCHE_LOG_LEVEL: "silent",
        CLOCHE_POOL_TARGET: "1",
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += chunk;
      if (printed.includes("Ctrl-C ends it.")) break;
    }
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? "";
    const headers = { authorization: `Bearer ${processes.key}`, "content-type": "application/json" };
    const run = async () => {
      const body = JSON.stringify({ code: "print(1)" });
      const response = await fetch(`${url}/v1/executions`, { method: "POST", headers, body });
      return { status: response.status, body: await response.json() };
    };
    const inside = `/proc/${child.pid}/root${folder()}`;
    expect((await run()).status).toBe(200);
    fill(join(inside, "filler"));
    await until(async () => (await run()).status === 503);
    expect(await run()).toMatchObject({
      status: 503,
      body: { code: "audit_unavailable", retryable: true, infra: true },
    });
    const listed = await bodyOf(await fetch(`${url}/v1/executions?status=running`, { headers }));
    expect(listed.items).toEqual([]);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect((await bodyOf(ready)).checks).toContainEqual({
      name: "audit",
      ok: false,
      detail: "The audit log cannot be written",
    });
    rmSync(join(inside, "filler"));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await run()).status).toBe(200);
    expect(verifyFolder(inside, trustKeys(keysFor(folder(), undefined))).finding).toBeUndefined();
  } finally {
    child.kill("SIGINT");
    await once(child, "exit");
  }
});

const fill = (file: string): void => {
  try {
    for (let size = 64 * 1024; size >= 1; size /= 2) {
      for (;;) if (!tryAppend(file, Buffer.alloc(size))) break;
    }
  } catch {
    // It is full.
  }
};

const tryAppend = (file: string, bytes: Buffer): boolean => {
  try {
    writeFileSync(file, bytes, { flag: "a" });
    return true;
  } catch {
    return false;
  }
};

describe("exported as OCSF", () => {
  const event = (type: string, rest: Partial<AuditEvent> = {}): AuditEvent => ({
    v: 1,
    seq: 1,
    id: "evt_1",
    time: "2026-11-23T10:00:00.000Z",
    type,
    tenant: "t",
    actor: { keyId: "key_1", role: "submitter" },
    subject: { execution: "exe_1", session: "ses_1", key: "key_2", request: "r" },
    data: { outcome: "ok", exitCode: 0, kind: "script", total: 2 },
    prev: "sha256:0",
    hash: "sha256:1",
    ...rest,
  });

  test("events of every type are valid by the published schema of 1.8.0, and spoilt ones are not", {
    timeout: 180_000,
  }, async () => {
    const right = auditEventTypes.flatMap((type) => [
      toOcsf(event(type)),
      toOcsf(event(type, { tenant: null, actor: null, subject: {}, data: {} })),
    ]);
    const [first = {}] = right;
    const spoilt = [
      { ...first, severity_id: 77 },
      { ...first, metadata: { product: { name: "x" } } },
      { ...first, class_uid: 1007 },
      { ...first, time: "today" },
      { ...first, surprise: 1 },
    ];
    const problems = await checkOcsf([...right, ...spoilt], () => {});
    expect(problems.slice(0, right.length).flat()).toEqual([]);
    for (const found of problems.slice(right.length)) expect(found.length).toBeGreaterThan(0);
  });
});
