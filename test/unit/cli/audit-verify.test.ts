import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyFolder } from "../../../src/cli/audit/verify-folder.ts";
import { openHead, signStatement, trustKeys } from "../../../src/integrity/audit-statement.ts";
import { aLog, anEvent } from "../../support/a-log.ts";
import { aSigner } from "../../support/a-signer.ts";
import { rechained } from "../../support/rechained.ts";
import { run as runCli } from "./run-in-test.ts";

const FIRST = "audit-000001.jsonl";

/** 20 records with heads at 0, 1, 8, 14 and 20, and one record after. */
const written = () => {
  const parts = aLog();
  const log = parts.open();
  for (let i = 1; i <= 20; i += 1) {
    log.append(anEvent({ subject: { execution: `exe_${i}` } }));
    if (i === 8 || i === 14) log.signHead();
  }
  log.close();
  const again = parts.open();
  again.append(anEvent());
  const keys = trustKeys([parts.signer.publicKey]);
  return { ...parts, keys, verify: () => verifyFolder(parts.folder, keys) };
};

test("a log that nobody touched is whole, and what no head speaks for is told", () => {
  using log = written();
  expect(log.verify()).toEqual({
    finding: undefined,
    records: 21,
    removed: 0,
    heads: 5,
    proven: 20,
    size: 21,
    kept: null,
  });
});

describe("the first bad record is named where one", () => {
  test.each<[string, (lines: string[]) => string[], number, RegExp]>([
    ["is changed", (l) => l.with(4, (l[4] ?? "").replace("exe_5", "exe_6")), 5, /record 5 was changed/],
    ["is no record any more", (l) => l.with(4, "{}"), 5, /record 5 was changed/],
    ["has a blank more", (l) => l.with(4, (l[4] ?? "").replace(":", ": ")), 5, /record 5 was changed/],
    ["is dropped", (l) => l.toSpliced(4, 1), 5, /record 5 is missing/],
    ["is the first, and dropped", (l) => l.slice(1), 1, /record 1 is missing/],
    [
      "is swapped with the next",
      (l) => l.with(4, l[5] ?? "").with(5, l[4] ?? ""),
      5,
      /record 5 is missing, or not in place/,
    ],
    ["is there twice", (l) => l.toSpliced(5, 0, l[4] ?? ""), 6, /record 5 is there twice/],
    [
      "is put in",
      (l) => l.toSpliced(4, 0, rechained([...l.slice(0, 4), l[9] ?? ""], 4)[4] ?? ""),
      6,
      /record 5 is there twice/,
    ],
    [
      "is changed and given a right hash",
      (l) => l.with(4, rechained(l.with(4, (l[4] ?? "").replace("exe_5", "x")), 4)[4] ?? ""),
      6,
      /record 6 does not follow record 5/,
    ],
    [
      "and all after it are chained anew",
      (l) => rechained(l.with(4, (l[4] ?? "").replace("exe_5", "x")), 4),
      2,
      /a record from 2 to 8 was written anew/,
    ],
    [
      "after a head and all behind are chained anew",
      (l) => rechained(l.with(9, (l[9] ?? "").replace("exe_10", "x")), 9),
      9,
      /a record from 9 to 14 was written anew/,
    ],
    [
      "is dropped and all behind are chained anew",
      (l) => rechained(l.toSpliced(9, 1), 9),
      9,
      /a record from 9 to 14/,
    ],
    ["and all after it are cut off", (l) => l.slice(0, 9), 10, /record 10 is missing: the log was cut off/],
    ["is cut off at a head", (l) => l.slice(0, 14), 15, /record 15 is missing/],
  ])("%s", (_, change, seq, problem) => {
    using log = written();
    log.rewrite(change);
    const { finding } = log.verify();
    expect(finding).toMatchObject({ seq, problem: expect.stringMatching(problem) });
    expect(() => log.open()).toThrow(/is not whole: audit-000001\.jsonl line \d+: .*move the folder aside/s);
  });

  test("is cut off in the middle of its line", () => {
    using log = written();
    writeFileSync(log.path(FIRST), readFileSync(log.path(FIRST)).subarray(0, -10));
    expect(log.verify().finding).toMatchObject({ seq: 21, problem: expect.stringContaining("cut off") });
  });
});

describe("a head", () => {
  test("of another key, or with another signature, is named", () => {
    using log = written();
    const [line = ""] = log.lines("heads.jsonl");
    const { keyId: _, signature, ...head } = JSON.parse(line);
    const forged = JSON.stringify(signStatement(head, { ...aSigner(), keyId: log.signer.keyId }));
    for (const bad of [
      forged,
      JSON.stringify(signStatement(head, aSigner())),
      line.replace(signature, `A${signature.slice(1)}`),
    ]) {
      log.rewrite((lines) => lines.with(0, bad), "heads.jsonl");
      expect(log.verify().finding).toMatchObject({ file: "heads.jsonl", line: 1 });
    }
  });

  test("that is dropped proves less, and is named where it was kept", () => {
    using log = written();
    log.rewrite((lines) => lines.slice(0, -1), "heads.jsonl");
    expect(log.verify().finding).toMatchObject({
      file: "heads.jsonl",
      problem: expect.stringMatching(/heads were taken away: the last one speaks of 14 records, .* of 20/),
    });
    rmSync(log.keptHead);
    expect(log.verify()).toMatchObject({ finding: undefined, proven: 14 });
  });

  test("that was kept elsewhere shows that log and heads were cut off together", () => {
    using log = written();
    const kept = openHead(log.lines("heads.jsonl").at(-1) ?? "", log.keys);
    if (typeof kept === "string") throw new Error(kept);
    log.rewrite((lines) => lines.slice(0, 14));
    log.rewrite((lines) => lines.slice(0, 4), "heads.jsonl");
    const cutOff = { seq: 15, problem: expect.stringContaining("speaks of 20 records") };
    expect(log.verify().finding).toMatchObject(cutOff);
    writeFileSync(log.keptHead, log.lines("heads.jsonl").at(-1) ?? "");
    expect(log.verify()).toMatchObject({ finding: undefined, proven: 14, size: 14, kept: null });
    expect(verifyFolder(log.folder, log.keys, [kept]).finding).toMatchObject(cutOff);
  });
});

test("the command says it in words and by its exit code", async () => {
  using log = written();
  const key = join(log.folder, "key.pem");
  writeFileSync(key, log.signer.publicKey);
  const whole = await runCli(["audit", "verify", log.folder, "--key", key]);
  expect(whole).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /whole and proven up to record 20 of 21; what comes after .*21 records, 5 signed heads.*no kept head was given.*cannot be told/s,
    ),
  });
  expect(whole.stdout).toContain(`trusted keys: ${log.signer.keyId}, of ${key}\n`);
  const kept = join(log.folder, "kept.jsonl");
  writeFileSync(kept, `${log.lines("heads.jsonl").at(-1)}\n`);
  const pinned = await runCli(["audit", "verify", log.folder, "--key", key, "--head", kept]);
  expect(pinned).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("from the kept head of 20 records;"),
  });
  expect(pinned.stdout).not.toContain("no kept head");
  log.rewrite((lines) => lines.toSpliced(4, 1));
  const broken = await runCli(["audit", "verify", log.folder, "--key", key]);
  expect(broken).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/not whole: record 5 is missing.*line 5, record 5/s),
  });
  const other = join(log.folder, "other.pem");
  writeFileSync(other, aSigner().publicKey);
  expect(await runCli(["audit", "verify", log.folder, "--key", other])).toMatchObject({ code: 1 });
  expect(await runCli(["audit", "verify", log.folder])).toMatchObject({ code: 2 });
});

test("keys that lie beside the log are named as what they are: a list that is not signed", async () => {
  using log = written();
  const beside = join(log.folder, "..", "signing-keys.json");
  writeFileSync(beside, JSON.stringify([{ publicKey: log.signer.publicKey }]));
  const { code, stdout } = await runCli(["audit", "verify", log.folder]);
  expect(code).toBe(0);
  expect(stdout).toContain(`trusted keys: ${log.signer.keyId}, of ${beside}, which is not signed`);
  expect(JSON.parse((await runCli(["audit", "verify", log.folder, "--json"])).stdout)).toMatchObject({
    kept: null,
    trusted: { keyIds: [log.signer.keyId], from: beside, pinned: false },
  });
});

test("heads of a key that was not given can't be checked, which is not the same as not whole", async () => {
  using log = written();
  const [own, before] = [join(log.folder, "own.pem"), join(log.folder, "all.pem")];
  const other = aSigner();
  writeFileSync(own, other.publicKey);
  const refused = await runCli(["audit", "verify", log.folder, "--key", own]);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain(
    `can't be checked with the keys given: signed by key ${log.signer.keyId}; if it is`,
  );
  expect(refused.stdout).not.toContain("not whole");
  const { finding } = JSON.parse(
    (await runCli(["audit", "verify", log.folder, "--key", own, "--json"])).stdout,
  );
  expect(finding.unknownKey).toBe(log.signer.keyId);
  writeFileSync(before, `${other.publicKey}${log.signer.publicKey}`);
  expect((await runCli(["audit", "verify", log.folder, "--key", before])).code).toBe(0);
});

test("a folder that is not there is named, and not the keys that would be beside it", async () => {
  const { code, stderr } = await runCli(["audit", "verify", "/nope"]);
  expect(code).toBe(2);
  expect(stderr).toContain("/nope: there is no such file or folder");
});
