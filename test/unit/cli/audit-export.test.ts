import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toCef } from "../../../src/cli/audit/cef.ts";
import { type AuditEvent, eventTypes } from "../../../src/cli/audit/event.ts";
import { toOcsf } from "../../../src/cli/audit/ocsf.ts";
import { auditEventTypes } from "../../../src/domain/audit-event.ts";
import { aLog, anEvent } from "../../support/a-log.ts";
import { FakeService } from "./fake-service.ts";
import { run } from "./run-in-test.ts";

const recorded = (change: Partial<AuditEvent> = {}): AuditEvent => ({
  v: 1,
  seq: 7,
  id: "evt_1",
  time: "2026-11-23T10:00:00.000Z",
  type: "execution.finished",
  tenant: "t",
  actor: { keyId: "key_1", role: "submitter" },
  subject: { execution: "exe_1" },
  data: { outcome: "ok", exitCode: 0 },
  prev: "sha256:0",
  hash: "sha256:1",
  ...change,
});

/** Reads a line as the format's text says, character by character, and knows nothing of who wrote it. */
const parseCef = (line: string) => {
  const header: string[] = [];
  let at = 0;
  for (let part = ""; header.length < 7; at += 1) {
    if (at >= line.length) throw new Error("the header has not seven ends");
    if (line[at] === "|") {
      header.push(part);
      part = "";
    } else {
      if (line[at] === "\\") at += 1;
      part += line[at];
    }
  }
  const extension: Record<string, string> = {};
  let rest = line.slice(at);
  let key = /^([A-Za-z0-9]+)=/.exec(rest)?.[1];
  while (key !== undefined) {
    rest = rest.slice(key.length + 1);
    let value = "";
    let i = 0;
    let next: string | undefined;
    for (; i < rest.length; i += 1) {
      const following = /^ ([A-Za-z0-9]+)=/.exec(rest.slice(i));
      if (following) {
        next = following[1];
        break;
      }
      if (rest[i] === "\\") {
        i += 1;
        value += { n: "\n", r: "\r" }[rest[i] ?? ""] ?? rest[i];
      } else {
        if (rest[i] === "=") throw new Error("a value has an equals sign of its own");
        value += rest[i];
      }
    }
    extension[key] = value;
    rest = rest.slice(i + 1);
    key = next;
  }
  return { header, extension };
};

describe("CEF", () => {
  test("whatever an event holds comes back from a line, and nothing else", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc
        .array(fc.constantFrom("|", "\\", "=", "\n", "\r", " a=", "x"), { maxLength: 8 })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, text, text, (tenant, detail, type) => {
        const line = toCef(recorded({ tenant, type, data: { detail } }), "1");
        expect(line).not.toMatch(/[\r\n]/);
        const { header, extension } = parseCef(line);
        expect(header).toEqual([
          "CEF:0",
          "Cloche",
          "Cloche",
          "1",
          ...Array(2).fill(type.replace(/[\r\n]+/g, " ")),
          header[6],
        ]);
        expect(extension["clocheTenant"]).toBe(tenant);
        expect(extension["clocheDataDetail"]).toBe(detail);
        expect(extension["externalId"]).toBe("evt_1");
        expect(Object.keys(extension)).toHaveLength(11);
      }),
    );
  });
});

test("OCSF: every type has a class, and its type_uid is that of class and activity", () => {
  for (const type of auditEventTypes) {
    const event = toOcsf(recorded({ type }));
    expect(Number(event["type_uid"])).toBe(Number(event["class_uid"]) * 100 + Number(event["activity_id"]));
    expect(Math.floor(Number(event["class_uid"]) / 1000)).toBe(event["category_uid"]);
  }
});

describe("the commands", () => {
  const aWritten = () => {
    const log = aLog({ segmentBytes: 2_000 });
    const audit = log.open();
    for (let i = 1; i <= 12; i += 1)
      audit.append(anEvent({ tenant: i % 2 ? "t" : "other", subject: { execution: `exe_${i}` } }));
    audit.close();
    return log;
  };

  test("export writes what is asked for, oldest first, from a folder", async () => {
    using log = aWritten();
    const { code, stdout } = await run(["audit", "export", log.folder, "--tenant", "t"]);
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ subject }) => subject.execution)).toEqual(
      [1, 3, 5, 7, 9, 11].map((i) => `exe_${i}`),
    );
    const cef = await run(["audit", "export", log.folder, "--format", "cef"]);
    expect(
      cef.stdout
        .trim()
        .split("\n")
        .every((line) => line.startsWith("CEF:0|Cloche|")),
    ).toBe(true);
    const ocsf = await run(["audit", "export", log.folder, "--format", "ocsf", "--subject", "exe_3"]);
    expect(JSON.parse(ocsf.stdout)).toMatchObject({ class_uid: 1007, process: { uid: "exe_3" } });
  });

  test("query and tail print the newest, a line each, and what is no text is shown as such", async () => {
    using log = aWritten();
    const tail = await run(["audit", "tail", log.folder, "-n", "2", "--type", "execution.accepted"]);
    expect(tail.stdout.trim().split("\n")).toHaveLength(2);
    expect(tail.stdout).toContain("execution=exe_12");
    log.rewrite((lines) => lines.with(0, (lines[0] ?? "").replace("exe_1", "\u202eexe")));
    const query = await run(["audit", "query", log.folder, "--tenant", "t", "--limit", "100"]);
    expect(query.stdout).toContain("execution=\\u{202e}exe");
    expect((await run(["audit", "query", log.folder, "--after", "soon"])).code).toBe(2);
    writeFileSync(log.path("audit-000001.jsonl"), "no record\n");
    expect((await run(["audit", "query", log.folder])).code).toBe(0);
  });

  test("without a folder the service is asked, page after page", async () => {
    const events = [9, 8, 7].map((seq) => recorded({ seq }));
    await using service = await FakeService.start();
    service.on("GET /v1/audit/heads", () => ({ items: [{ kind: "audit-head" }] }));
    service.on("GET /v1/audit/events", ({ query }) =>
      query["cursor"]
        ? { items: events.slice(2), nextCursor: null }
        : { items: events.slice(0, 2), nextCursor: "n" },
    );
    const { stdout } = await run(["audit", "query", "--json"], { service });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).seq),
    ).toEqual([7, 8, 9]);
    expect((await run(["audit", "heads"], { service })).stdout).toBe('{"kind":"audit-head"}\n');
  });
});

test("a type that there isn't is wrong use, and those that there are are named", async () => {
  expect(eventTypes).toEqual(auditEventTypes);
  using log = aLog();
  log.open().close();
  for (const command of ["query", "tail", "export"]) {
    const { code, stderr } = await run(["audit", command, log.folder, "--type", "nope"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--type must be one of service.started, ");
    expect((await run(["audit", command, log.folder, "--type", "policy.denied"])).code).toBe(0);
  }
});
