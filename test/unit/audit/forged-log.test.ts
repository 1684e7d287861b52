/** What whoever can write to the disk, and has no signing key, can make of a log: verify and start-up refuse it. */
import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifyFolder } from "../../../src/cli/audit/verify-folder.ts";
import { trustKeys } from "../../../src/integrity/audit-statement.ts";
import { aLog, anEvent } from "../../support/a-log.ts";
import { rechained } from "../../support/rechained.ts";

/** 20 records, a denial among them, with heads at 0, 1, 8 and 20. */
const written = (options: Parameters<typeof aLog>[0] = {}) => {
  const parts = aLog(options);
  const log = parts.open();
  for (let i = 1; i <= 20; i += 1) {
    log.append(anEvent(i === 5 ? { type: "execution.denied" } : {}));
    if (i === 8) log.signHead();
  }
  log.close();
  const keys = trustKeys([parts.signer.publicKey]);
  return { ...parts, problem: () => verifyFolder(parts.folder, keys).finding?.problem };
};
type Written = ReturnType<typeof written>;

const withoutDenials = (lines: string[]) =>
  rechained(
    lines.filter((line) => !line.includes("execution.denied")),
    0,
  );
const keepOnly = (log: Written, heads: number) => {
  log.rewrite((lines) => lines.slice(0, heads), "heads.jsonl");
  writeFileSync(log.keptHead, log.lines("heads.jsonl").at(-1) ?? "");
};

test("control: a log that nobody touched is whole, and starts", () => {
  using log = written();
  expect(log.problem()).toBeUndefined();
  log.open().close();
  expect(log.problem()).toBeUndefined();
});

describe("a log that was written anew", () => {
  test.each<[string, (log: Written) => void, RegExp]>([
    [
      "is named by the head that the service keeps outside of the folder",
      () => {},
      /heads? .*(missing|20)|cut off/,
    ],
    [
      "is named where that head is gone too",
      (log) => rmSync(log.keptHead),
      /no signed head|no head is signed/,
    ],
  ])("without its heads %s", (_, alsoDo, named) => {
    using log = written();
    log.rewrite(withoutDenials);
    rmSync(log.path("heads.jsonl"));
    rmSync(log.path("tree.bin"));
    alsoDo(log);
    expect(log.problem()).toMatch(named);
    expect(() => log.open()).toThrow(named);
  });

  test("behind an early head is named by how much no head speaks for", () => {
    using log = written();
    keepOnly(log, 1);
    log.rewrite((lines) => rechained(lines.slice(0, 4), 0));
    expect(log.problem()).toMatch(/records 1 to 4 are in no signed head/);
    expect(() => log.open()).toThrow(/records 1 to 4 are in no signed head/);
  });

  test("behind a later head can be no longer than what a killed service leaves", () => {
    using log = written();
    keepOnly(log, 3);
    const forged = (count: number) => (lines: string[]) =>
      rechained([...lines.slice(0, 8), ...Array.from({ length: count }, () => lines[0] ?? "")], 8);
    log.rewrite(forged(1_003));
    expect(log.problem()).toMatch(
      /records 9 to 1011 are in no signed head, and the service leaves 1002 so at most/,
    );
    expect(() => log.open()).toThrow(/records 9 to 1011/);
    log.rewrite(forged(1_002));
    expect(log.problem()).toBeUndefined();
  });

  test("behind the head of a closed segment's beginning is named", () => {
    using log = written({ segmentBytes: 4_000 });
    keepOnly(log, 3);
    expect(log.problem()).toMatch(/are in no signed head, and their file was closed/);
    expect(() => log.open()).toThrow(/audit-00000\d.jsonl line \d+: records 9 to \d+ are in no signed head/);
  });
});

describe("a log that was cut back, with its heads", () => {
  const cutBack = (log: Written) => {
    log.rewrite((lines) => lines.slice(0, 8));
    log.rewrite((lines) => lines.slice(0, 3), "heads.jsonl");
  };

  test("is named by the head that the service keeps outside of the folder", () => {
    using log = written();
    cutBack(log);
    expect(log.problem()).toMatch(
      /record 9 is missing: the log was cut off, a signed head speaks of 20 records/,
    );
    expect(() => log.open()).toThrow(
      /cut back: the last signed head in heads.jsonl speaks of 8 records, the one in .*audit-head.json speaks of 20/,
    );
  });

  test("does not start without that head, whatever else is right", () => {
    using log = written();
    cutBack(log);
    rmSync(log.keptHead);
    expect(() => log.open()).toThrow(/audit-head.json, which has the last signed head, is missing/);
  });

  test("to nothing does not start a new one, and both put aside do", () => {
    using log = written();
    rmSync(log.folder, { recursive: true });
    expect(() => log.open()).toThrow(/the last signed head in heads.jsonl is missing/);
    rmSync(log.keptHead);
    const audit = log.open();
    audit.append(anEvent());
    audit.close();
    expect(log.problem()).toBeUndefined();
  });
});

test("nothing more is recorded where no head can be signed for what is there", () => {
  using log = aLog();
  const signer = { ...log.signer, broken: false, sign: (data: Uint8Array) => sign(data) };
  const sign = (data: Uint8Array) => {
    if (signer.broken) throw new Error("no key");
    return log.signer.sign(data);
  };
  const audit = log.open({ signer });
  audit.append(anEvent());
  signer.broken = true;
  for (let i = 0; i < 1_000; i += 1) audit.append(anEvent());
  const refused = expect.objectContaining({ code: "audit_unavailable" });
  expect(() => audit.append(anEvent())).toThrow(refused);
  expect(() => audit.check()).toThrow(refused);
  signer.broken = false;
  audit.append(anEvent());
  audit.close();
  expect(log.events().slice(-2)).toMatchObject([
    { type: "audit.resumed", data: { refused: 1 } },
    { seq: 1_003 },
  ]);
});

test("a service that ended between a head and its copy outside goes on", () => {
  using log = written();
  const older = log.lines("heads.jsonl")[2] ?? "";
  writeFileSync(log.keptHead, older);
  const again = log.open();
  again.append(anEvent());
  again.close();
  expect(log.problem()).toBeUndefined();
  expect(log.lines("heads.jsonl").length).toBe(5);
});
