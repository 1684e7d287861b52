import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyFolder } from "../../../src/cli/audit/verify-folder.ts";
import { auditEventSchema } from "../../../src/domain/audit-event.ts";
import { trustKeys } from "../../../src/integrity/audit-statement.ts";
import { extendsTree, includes, leafHash } from "../../../src/integrity/merkle.ts";
import { aLog, anEvent } from "../../support/a-log.ts";
import { aSigner } from "../../support/a-signer.ts";

const fromText = (hash: string) => Buffer.from(hash.replace("sha256:", ""), "hex");
const verify = ({ folder, signer }: Pick<ReturnType<typeof aLog>, "folder" | "signer">) =>
  verifyFolder(folder, trustKeys([signer.publicKey]));

/** Writes until so many bytes more are there, and then in part, as a disk that runs full. */
const aDisk = () => {
  const disk = {
    room: Number.POSITIVE_INFINITY,
    write: (fd: number, bytes: Buffer): number => {
      const part = bytes.subarray(0, disk.room);
      if (part.length > 0) writeSync(fd, part);
      disk.room -= part.length;
      if (part.length < bytes.length && part.length === 0)
        throw Object.assign(new Error("full"), { code: "ENOSPC" });
      return part.length;
    },
  };
  return disk;
};

test("each record is a line of canonical JSON that points to the one before; files are for their owner only", () => {
  using log = aLog();
  const audit = log.open();
  for (let i = 0; i < 3; i += 1) audit.append(anEvent());
  audit.close();
  const events = log.events();
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(events[0]?.prev).toBe(`sha256:${"0".repeat(64)}`);
  expect(events.slice(1).map(({ prev }) => prev)).toEqual(events.slice(0, 2).map(({ hash }) => hash));
  for (const event of events) auditEventSchema.parse(event);
  expect(statSync(log.folder).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(log.folder)) expect(statSync(log.path(name)).mode & 0o777, name).toBe(0o600);
});

test("no text forges a line or a field, or hides a part of itself", () => {
  using log = aLog();
  const audit = log.open();
  let appended = 0;
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      audit.append(
        anEvent({ tenant: text, data: { detail: `${text}\ud800\u202e\n"}` }, subject: { key: text } }),
      );
      appended += 1;
    }),
  );
  const lines = log.lines();
  expect(lines).toHaveLength(appended);
  for (const line of lines) {
    expect(line).toMatch(/^[\P{C}]*$/u);
    expect(Object.keys(JSON.parse(line)).sort()).toEqual(Object.keys(auditEventSchema.shape).sort());
    expect(line.length).toBeLessThan(8_000);
  }
  expect(verify(log).finding).toBeUndefined();
});

describe("heads", () => {
  test("come before and after the first record, after 1,000 more, after 10 s where something came, and at the end", async () => {
    using log = aLog();
    const audit = log.open();
    const sizes = () => audit.reader.heads(10).map(({ treeSize }) => treeSize);
    expect(sizes()).toEqual([0]);
    audit.append(anEvent());
    expect(sizes()).toEqual([1, 0]);
    for (let i = 0; i < 1000; i += 1) audit.append(anEvent());
    expect(sizes()).toEqual([1001, 1, 0]);
    audit.append(anEvent());
    await audit.tick();
    expect(sizes()).toHaveLength(3);
    await log.clock.advance(10_000);
    await audit.tick();
    await log.clock.advance(10_000);
    await audit.tick();
    expect(sizes()).toEqual([1002, 1001, 1, 0]);
    audit.append(anEvent());
    audit.close();
    expect(verify(log)).toMatchObject({ finding: undefined, heads: 5, proven: 1003 });
  });

  test("of a key that is not trusted any more refuse the start", () => {
    using log = aLog();
    const audit = log.open();
    audit.append(anEvent());
    audit.close();
    expect(() => log.open({ trusted: [aSigner().publicKey] })).toThrow(/not a trusted one/);
  });
});

describe("a full disk", () => {
  test.each([0, 1, 200])(
    "refuses with %d bytes left, leaves no half line, and goes on when there is room",
    (room) => {
      using log = aLog();
      const disk = aDisk();
      const audit = log.open({ write: disk.write });
      audit.append(anEvent());
      disk.room = room;
      for (let i = 0; i < 3; i += 1) {
        expect(() => audit.append(anEvent())).toThrow(expect.objectContaining({ code: "audit_unavailable" }));
        expect(() => audit.check()).toThrow(expect.objectContaining({ code: "audit_unavailable" }));
        disk.room = 0;
      }
      expect(log.lines()).toHaveLength(1);
      disk.room = Number.POSITIVE_INFINITY;
      audit.check();
      audit.append(anEvent());
      audit.close();
      expect(log.events().map(({ type }) => type)).toEqual([
        "execution.accepted",
        "audit.resumed",
        "execution.accepted",
      ]);
      expect(log.events()[1]?.data).toEqual({ refused: 3 });
      expect(verify(log).finding).toBeUndefined();
    },
  );
});

describe("a start", () => {
  test("cuts a record that was written in part, and says so", () => {
    using log = aLog();
    log.open().append(anEvent());
    appendFileSync(log.path("audit-000001.jsonl"), '{"actor":null,"da');
    appendFileSync(log.path("heads.jsonl"), '{"kin');
    const again = log.open();
    again.append(anEvent());
    expect(log.events()).toMatchObject([
      { seq: 1 },
      { type: "audit.repaired", data: { cutBytes: 22, cutTo: "torn-2.bin torn-2-2.bin", unproven: 0 } },
      { seq: 3 },
    ]);
    expect(readFileSync(log.path("torn-2.bin"), "utf8")).toBe('{"actor":null,"da');
    expect(readFileSync(log.path("torn-2-2.bin"), "utf8")).toBe('{"kin');
    expect(statSync(log.path("torn-2.bin")).mode & 0o777).toBe(0o600);
    again.close();
    expect(verify(log).finding).toBeUndefined();
  });

  test("that is refused changes nothing of the evidence", () => {
    using log = aLog();
    const audit = log.open();
    for (let i = 0; i < 3; i += 1) audit.append(anEvent());
    audit.close();
    log.rewrite((lines) => lines.slice(0, 2));
    appendFileSync(log.path("audit-000001.jsonl"), '{"actor":null,"da');
    const before = readFileSync(log.path("audit-000001.jsonl"), "utf8");
    expect(() => log.open()).toThrow(/record 3 is missing/);
    expect(readFileSync(log.path("audit-000001.jsonl"), "utf8")).toBe(before);
  });

  test("after a kill says how many records no head spoke for", () => {
    using log = aLog();
    const audit = log.open();
    for (let i = 0; i < 3; i += 1) audit.append(anEvent());
    const again = log.open();
    again.close();
    expect(log.events().at(-1)).toMatchObject({
      type: "audit.repaired",
      data: { cutBytes: 0, cutTo: "", unproven: 2 },
    });
    expect(verify(log)).toMatchObject({ finding: undefined, proven: 4 });
  });

  test("makes the tree anew where it is lost or wrong", () => {
    using log = aLog({ segmentBytes: 2_000 });
    const audit = log.open();
    for (let i = 0; i < 20; i += 1) audit.append(anEvent());
    audit.close();
    rmSync(log.path("tree.bin"));
    log.open().close();
    writeFileSync(log.path("tree.bin"), Buffer.alloc(statSync(log.path("tree.bin")).size));
    const again = log.open();
    again.append(anEvent());
    const { path, leafHash: leaf, rootHash, treeSize } = again.reader.inclusion(3, undefined);
    const claim = { index: 2, leaves: treeSize, leaf: fromText(leaf), root: fromText(rootHash) };
    expect(includes(claim, path.map(fromText))).toBe(true);
    again.close();
    expect(verify(log).finding).toBeUndefined();
  });

  test("refuses a log that was changed since, also in a segment before the last", () => {
    using log = aLog({ segmentBytes: 2_000 });
    const audit = log.open();
    for (let i = 0; i < 20; i += 1) audit.append(anEvent());
    audit.close();
    rmSync(log.path("audit-000002.jsonl"));
    expect(verify(log).finding?.problem).toMatch(/missing/);
    rmSync(log.path("tree.bin"));
    expect(() => log.open()).toThrow(/audit-000003.jsonl line 1: records \d+ to \d+ are missing/);
  });
});

describe("segments", () => {
  test("are closed at their size with a head, and numbers go on", () => {
    using log = aLog({ segmentBytes: 2_000 });
    const audit = log.open();
    for (let i = 0; i < 20; i += 1) audit.append(anEvent());
    audit.close();
    const names = readdirSync(log.folder).filter((name) => name.startsWith("audit-"));
    expect(names.length).toBeGreaterThan(3);
    for (const name of names.slice(0, -1)) expect(log.events(name).at(-1)?.type).toBe("audit.rotated");
    expect(verify(log)).toMatchObject({ finding: undefined, removed: 0 });
  });

  test("that are past their time go whole, by a signed statement, and the rest is still whole", async () => {
    using log = aLog({ segmentBytes: 2_000, retentionMs: 1_000 });
    const audit = log.open();
    for (let i = 0; i < 20; i += 1) audit.append(anEvent());
    audit.prune();
    expect(readdirSync(log.folder)).toContain("audit-000001.jsonl");
    await log.clock.advance(2_000);
    audit.prune();
    audit.append(anEvent());
    const { removed } = verify(log);
    expect(removed).toBeGreaterThan(10);
    expect(readdirSync(log.folder)).not.toContain("audit-000001.jsonl");
    expect(() => audit.reader.inclusion(1, undefined)).toThrow(
      expect.objectContaining({ code: "not_found" }),
    );
    audit.close();
    rmSync(log.path("tree.bin"));
    const again = log.open();
    again.append(anEvent());
    again.close();
    expect(verify(log)).toMatchObject({ finding: undefined, removed });
    log.rewrite(
      ([line = ""]) => [line.replace(`"through":${removed}`, `"through":${removed - 1}`)],
      "removals.jsonl",
    );
    expect(verify(log).finding).toMatchObject({ file: "removals.jsonl" });
  });
});

describe("what is read", () => {
  test("pages go through all segments, and each tenant finds its own only", () => {
    using log = aLog({ segmentBytes: 2_000 });
    const audit = log.open();
    for (let i = 1; i <= 20; i += 1)
      audit.append(anEvent({ tenant: i % 2 ? "t" : "other", subject: { execution: `exe_${i}` } }));
    const all = (visible: string | undefined, query = {}) => {
      const seqs: number[] = [];
      let cursor: string | undefined;
      do {
        const page = audit.reader.events(visible, { limit: 3, cursor, ...query });
        seqs.push(...page.items.map(({ seq }) => seq));
        for (const { tenant } of page.items) if (visible !== undefined) expect(tenant).toBe(visible);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return seqs;
    };
    const total = all(undefined);
    expect(total).toEqual(Array.from({ length: total.length }, (_, i) => total.length - i));
    expect(all("t")).toHaveLength(10);
    expect(all("nobody")).toEqual([]);
    expect(all("t", { subject: "exe_3" })).toHaveLength(1);
    expect(all("t", { subject: "exe_4" })).toHaveLength(0);
    expect(all(undefined, { type: "audit.rotated" })).toHaveLength(total.length - 20);
    expect(all(undefined, { after: log.clock.now() + 1 })).toEqual([]);
    expect(all(undefined, { before: log.clock.now() - 1 })).toEqual([]);
    expect(() => all("t", { cursor: "x" })).toThrow(expect.objectContaining({ code: "invalid_request" }));
    audit.close();
  });

  test("proofs hold against the heads that were signed", () => {
    using log = aLog();
    const audit = log.open();
    for (let i = 0; i < 7; i += 1) audit.append(anEvent());
    audit.signHead();
    for (let i = 0; i < 6; i += 1) audit.append(anEvent());
    audit.signHead();
    const [later, earlier] = audit.reader.heads(2);
    if (!later || !earlier) throw new Error("there are two heads");
    const { path } = audit.reader.consistency(earlier.treeSize, later.treeSize);
    const treeOf = (head: typeof later) => ({ leaves: head.treeSize, root: fromText(head.rootHash) });
    expect(extendsTree(treeOf(earlier), treeOf(later), path.map(fromText))).toBe(true);
    const inclusion = audit.reader.inclusion(3, earlier.treeSize);
    const leaf = leafHash(log.lines()[2] ?? "");
    expect(fromText(inclusion.leafHash)).toEqual(leaf);
    const claim = { index: 2, leaves: 7, leaf, root: fromText(earlier.rootHash) };
    expect(includes(claim, inclusion.path.map(fromText))).toBe(true);
    audit.close();
  });
});

test("times never go back, whatever the clock does, so no event is hidden from who asks for those after a time", () => {
  using log = aLog();
  const audit = log.open();
  const now = log.clock.now();
  audit.append(anEvent({ subject: { execution: "exe_before" } }));
  audit.close();
  const clock = { now: () => now - 60_000, monotonic: () => 0, after: log.clock.after.bind(log.clock) };
  const again = log.open({ clock });
  for (const id of ["exe_1", "exe_2"]) again.append(anEvent({ subject: { execution: id } }));
  expect(new Set(log.events().map(({ time }) => time))).toEqual(new Set([new Date(now).toISOString()]));
  expect(again.reader.events(undefined, { limit: 10, after: now }).items).toHaveLength(3);
  again.close();
});
