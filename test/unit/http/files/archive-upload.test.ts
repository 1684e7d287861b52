/** Cases 35 and 36 of the hostile battery: archives. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { pack } from "tar-stream";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FileCaps } from "../../../../src/http/files/dependencies.ts";
import { BASE, fileService, problemOf } from "./file-service.ts";
import { archive, END, entry, head, pax, record } from "./tar-blocks.ts";

const MiB = 1024 * 1024;
const tar = { "content-type": "application/x-tar" };

const upload = async (
  body: Buffer,
  {
    query = "",
    headers = {},
    caps = {},
  }: { query?: string; headers?: Record<string, string>; caps?: Partial<FileCaps> } = {},
) => {
  const { app, files, charged, errors } = fileService({ caps });
  const response = await app.request(`${BASE}${query}`, {
    method: "PUT",
    body: new Uint8Array(body),
    headers: { ...tar, ...headers },
  });
  const contents = Object.fromEntries(
    [...files.nodes].map(([path, node]) => [
      path,
      node.type === "file" ? node.content.toString() : node.type,
    ]),
  );
  return { response, files, contents, charged, errors };
};

describe("an archive is unpacked", () => {
  test("with modes, folders and long names, and the count comes back", async () => {
    const long = `${"d".repeat(90)}/${"e".repeat(90)}/ü.txt`;
    const body = archive(
      entry({ name: "./", type: "5" }),
      entry({ name: "./folder/", type: "5" }),
      entry({ name: "./folder/run.sh", mode: "0006755" }, "echo"),
      pax({ path: long, mtime: "1.5", "SCHILY.xattr.user.x": "=\n=" }),
      entry({ name: "short" }, "long"),
      entry({ name: "././@LongLink", type: "L", magic: "ustar  \u0000" }, `${"g".repeat(200)}\u0000`),
      entry({ name: "cut", magic: "ustar  \u0000", prefix: "\u0001\u0002times" }, "gnu"),
      entry({ name: "tail", prefix: "head/of" }, "prefix"),
      entry({ name: "empty", type: "\u0000" }),
    );
    const { response, contents, files, charged } = await upload(body, { query: "?path=to" });
    expect(await response.json()).toEqual({ files: 5, folders: 1, bytes: 17 });
    expect(contents).toMatchObject({
      "to/folder": "folder",
      "to/folder/run.sh": "echo",
      [`to/${long}`]: "long",
      [`to/${"g".repeat(200)}`]: "gnu",
      "to/head/of/tail": "prefix",
      "to/empty": "",
    });
    expect(files.nodes.get("to/folder/run.sh")?.mode).toBe(0o755);
    expect(charged.bytes).toBe(body.length);
  });

  test("as tar(1) and tar-stream write it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloche-tar-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const name = "n".repeat(100);
    execFileSync("sh", ["-c", `mkdir -p sub && printf one > sub/one && printf two > ${name}`], {
      cwd: folder,
    });
    for (const format of ["gnu", "ustar", "pax"]) {
      const { response, contents } = await upload(
        Buffer.from(execFileSync("tar", ["-c", `--format=${format}`, "."], { cwd: folder })),
      );
      expect(await response.json()).toEqual({ files: 2, folders: 1, bytes: 6 });
      expect(contents).toEqual({ sub: "folder", "sub/one": "one", [name]: "two" });
    }
    const streamed = pack();
    streamed.entry({ name: "é/ü" }, "x");
    streamed.finalize();
    const body = await buffer(streamed);
    expect((await upload(body)).contents).toMatchObject({ "é/ü": "x" });
  });

  test("out of gzip, with the packed bytes on the account", async () => {
    const body = gzipSync(archive(entry({ name: "a" }, "packed")));
    const { response, contents, charged } = await upload(body, { headers: { "content-encoding": "gzip" } });
    expect(response.status).toBe(200);
    expect(contents).toEqual({ a: "packed" });
    expect(charged.bytes).toBe(body.length);
  });

  test("in whatever pieces it arrives, and no faster than it is written", async () => {
    const body = archive(entry({ name: "a" }, "x".repeat(1000)), pax({ path: "b" }), entry({}, "y"));
    for (const size of [1, 7, 511, 512, 513]) {
      const { app, files } = fileService();
      let at = 0;
      const stream = new ReadableStream(
        {
          pull: (controller) => {
            if (at >= body.length) controller.close();
            else controller.enqueue(new Uint8Array(body.subarray(at, at + size)));
            at += size;
          },
        },
        { highWaterMark: 0 },
      );
      const response = await app.request(BASE, { method: "PUT", body: stream, headers: tar, duplex: "half" });
      expect(await response.json()).toEqual({ files: 2, folders: 0, bytes: 1001 });
      expect(files.open).toBe(0);
    }
  });
});

const twice = Buffer.from(`${record("path", "a")}${record("path", "../b")}`);
const many = (count: number) =>
  Array.from({ length: count }, (_, index) => entry({ name: `f${index}` }, "x"));

describe("an archive is refused, with what is wrong with it, for", () => {
  const before = entry({ name: "before" }, "x");

  test.each<[string, Buffer, string]>([
    ["a link", entry({ name: "l", type: "2", linkname: "/etc/passwd" }), "is a link"],
    ["a hard link", entry({ name: "l", type: "1", linkname: "/etc/passwd" }), "is a hard link"],
    ["a character device", entry({ name: "d", type: "3" }), "is a device"],
    ["a block device", entry({ name: "d", type: "4" }), "is a device"],
    ["a pipe", entry({ name: "p", type: "6" }), "is a pipe"],
    ["a contiguous file", entry({ name: "c", type: "7" }, "x"), "not known here"],
    ["a sparse file of GNU", entry({ name: "s", type: "S" }, "x"), "is a sparse file"],
    ["a sparse file in PAX", Buffer.concat([pax({ "GNU.sparse.major": "1" }), entry({}, "x")]), "sparse"],
    ["a volume label", entry({ name: "v", type: "V" }), "not known here"],
    ["a long link name", entry({ name: "k", type: "K" }, "/etc/passwd"), "is a link"],
    ["..", entry({ name: "../x" }, "x"), "without empty, . or .. parts"],
    [".. in the middle", entry({ name: "a/../../x" }, "x"), "without empty, . or .. parts"],
    ["an absolute name", entry({ name: "/etc/x" }, "x"), "must be relative"],
    ["./ twice", entry({ name: "././x" }, "x"), "must be relative"],
    ["a prefix that leaves", entry({ name: "x", prefix: "../.." }, "x"), "must be relative"],
    ["an empty name", entry({ name: "" }, "x"), "entry"],
    ["a file called .", entry({ name: "." }, "x"), "must be relative"],
    ["a file with / at its end", entry({ name: "a/" }, "x"), "must be relative"],
    ["a backslash", entry({ name: "C:\\x" }, "x"), "backslashes"],
    ["a control character", entry({ name: "a\u001bb" }, "x"), "control characters"],
    ["a name that is not UTF-8", entry({ name: Buffer.from([0x61, 0xff]) }, "x"), "not UTF-8"],
    [
      "a PAX path that leaves",
      Buffer.concat([pax({ path: "../x" }), entry({ name: "ok" }, "x")]),
      "relative",
    ],
    ["a PAX path with NUL", Buffer.concat([pax({ path: "a\u0000b" }), entry({}, "x")]), "control"],
    ["a PAX path for all", Buffer.concat([pax({ path: "a" }, "g"), entry({}, "x")]), "for all entries"],
    ["a PAX path twice", Buffer.concat([entry({ type: "x" }, twice), entry({}, "x")]), "two paths"],
    ["a PAX size of nonsense", Buffer.concat([pax({ size: "-1" }), entry({}, "x")]), "wrong size"],
    ["two PAX headers", Buffer.concat([pax({ path: "a" }), pax({ path: "b" }), entry({}, "x")]), "two PAX"],
    [
      "names of both kinds",
      Buffer.concat([pax({ path: "a" }), entry({ type: "L" }, "b"), entry({}, "x")]),
      "two names",
    ],
    ["PAX without an end", Buffer.concat([entry({ type: "x" }, "8 path=a\n"), entry({}, "x")]), "malformed"],
    ["PAX without a key", Buffer.concat([entry({ type: "x" }, "6 =ab\n"), entry({}, "x")]), "malformed"],
    ["PAX of length 0", Buffer.concat([entry({ type: "x" }, "0 a=b\n"), entry({}, "x")]), "malformed"],
    [
      "PAX of negative length",
      Buffer.concat([entry({ type: "x" }, "-6 a=b\n"), entry({}, "x")]),
      "malformed",
    ],
    [
      "a long name that leaves",
      Buffer.concat([entry({ type: "L" }, "../../x\u0000"), entry({}, "x")]),
      "relative",
    ],
    [
      "a bomb of headers",
      Buffer.concat([...Array(5).fill(pax({ comment: "x".repeat(30_000) })), entry({}, "x")]),
      "too many headers",
    ],
    ["a giant header", entry({ type: "x" }, "x".repeat(70_000)), "more than 65536 bytes"],
    ["a giant header that is announced", head({ type: "L", size: 0o77777777777 }), "more than 65536 bytes"],
    ["headers without an entry", pax({ path: "a" }), "ends between"],
    ["a folder with content", entry({ name: "f/", type: "5" }, "x"), "folder with content"],
    [
      "an entry twice",
      Buffer.concat([entry({ name: "a" }, "1"), entry({ name: "./a" }, "2")]),
      "there twice",
    ],
    [
      "a folder that is a file too",
      Buffer.concat([entry({ name: "a" }), entry({ name: "a/", type: "5" })]),
      "twice",
    ],
    ["a wrong checksum", entry({ checksum: "0000000\u0000" }, "x"), "checksum"],
    ["no checksum", entry({ checksum: "zzzzzzz\u0000" }, "x"), "checksum"],
    [
      "an old format",
      entry({ magic: "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000" }, "x"),
      "neither POSIX",
    ],
    [
      "a binary size",
      head({ size: "\u0080\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0001" }),
      "size",
    ],
    ["a negative size", head({ size: "-0000000001" }), "size is no octal"],
    ["another archive behind its end", Buffer.concat([END, entry({ name: "b" }, "x")]), "goes on after"],
    [
      "one block of zeros only",
      Buffer.concat([Buffer.alloc(512), entry({ name: "b" }, "x")]),
      "goes on after",
    ],
    ["garbage", Buffer.alloc(2048, 0x41), "checksum"],
  ])("%s", async (_what, bad, message) => {
    const { response, contents, errors } = await upload(archive(before, bad));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "invalid_request" });
    expect(problem.detail).toContain(message);
    expect(problem.issues?.[0]?.field).toMatch(/^\(body\)$|^entry\[".*"\]$/s);
    expect(problem.detail).toMatch(/which stay: [12]$/);
    expect(Object.keys(contents).every((name) => ["before", "a"].includes(name))).toBe(true);
    expect(errors).toEqual([]);
  });

  test("garbage behind its end", async () => {
    const { response } = await upload(Buffer.concat([archive(before), Buffer.alloc(512), Buffer.from("x")]));
    expect((await problemOf(response)).detail).toContain("goes on after its end mark");
    expect((await upload(Buffer.concat([archive(before), Buffer.alloc(9000)]))).response.status).toBe(200);
  });

  test("being cut off, wherever that is", async () => {
    const whole = archive(entry({ name: "a" }, "x".repeat(600)), pax({ path: "b" }), entry({}, "y"));
    for (let length = 0; length < whole.length; length += 64) {
      const { response, contents } = await upload(whole.subarray(0, length));
      expect((await problemOf(response)).detail).toContain("is cut off");
      if (length < 512 + 600) expect(contents).toEqual({});
    }
  });

  test("a file above a file, and a link of the session in its way", async () => {
    const { response } = await upload(archive(entry({ name: "a" }), entry({ name: "a/b" })));
    expect(await problemOf(response)).toMatchObject({ code: "file_refused" });
    const { app, files } = fileService();
    files.put("out", { type: "link", mode: 0o777, modifiedMs: 0 });
    const body = new Uint8Array(archive(entry({ name: "out/x" }, "x")));
    const through = await app.request(BASE, { method: "PUT", body, headers: tar });
    expect((await problemOf(through)).detail).toContain("links are not followed");
    expect([...files.nodes.keys()]).toEqual(["out"]);
  });

  test("too much: entries, bytes, what it announces, and the workspace's end", async () => {
    const entries = await upload(archive(...many(101)));
    expect(await problemOf(entries.response)).toMatchObject({ code: "payload_too_large" });
    expect(Object.keys(entries.contents)).toHaveLength(100);
    const folders = Array.from({ length: 101 }, (_, index) => entry({ name: `f${index}/`, type: "5" }));
    expect((await upload(archive(...folders))).response.status).toBe(413);
    expect((await upload(archive(...many(3)), { caps: { uploadBytes: 2000 } })).response.status).toBe(413);
    const giant = await upload(archive(head({ name: "a", size: 0o77777777777 })));
    expect(giant.response.status).toBe(413);
    expect(giant.contents).toEqual({});
  });

  test.each([
    [{ "content-type": "application/zip" }, "Content-Type"],
    [{ "content-type": "application/gzip" }, "Content-Type"],
    [{ "content-encoding": "br" }, "Content-Encoding"],
    [{ "content-encoding": "gzip, gzip" }, "Content-Encoding"],
  ])("its form %j", async (headers, field) => {
    const { response } = await upload(archive(before), { headers });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).issues?.[0]?.field).toBe(field);
  });
});

describe("gzip", () => {
  const headers = { "content-encoding": "gzip" };

  test("that unpacks to more than may be is given up while it unpacks", async () => {
    const bomb = gzipSync(archive(entry({ name: "zeros" }, Buffer.alloc(8 * MiB))));
    const { response, contents } = await upload(bomb, { headers });
    expect(response.status).toBe(413);
    expect(contents).toEqual({});
  });

  test("that unpacks to far more than it is is given up by its ratio", async () => {
    const bomb = gzipSync(archive(entry({ name: "zeros" }, Buffer.alloc(8 * MiB))));
    const { response, contents } = await upload(bomb, { headers, caps: { uploadBytes: 100 * MiB } });
    expect((await problemOf(response)).detail).toContain("200 times");
    expect(contents).toEqual({});
  });

  test.each<[string, Buffer]>([
    ["that is none", Buffer.from("not gzip at all")],
    ["that is cut off", gzipSync(archive(entry({}, "x"))).subarray(0, -9)],
    ["that is empty", Buffer.alloc(0)],
    ["with garbage behind it", Buffer.concat([gzipSync(archive(entry({}, "x"))), Buffer.from("garbage")])],
    [
      "of a wrong checksum",
      Buffer.concat([gzipSync(archive(entry({}, "x"))).subarray(0, -8), Buffer.alloc(8)]),
    ],
    ["in gzip", gzipSync(gzipSync(archive(entry({}, "x"))))],
  ])("%s is refused", async (_what, body) => {
    const { response, errors } = await upload(Buffer.from(body), { headers });
    expect(response.status).toBe(400);
    expect(errors).toEqual([]);
  });
});

describe("any bytes", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 700 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({
        name: fc.oneof(fc.string({ maxLength: 100 }), fc.constantFrom("a", "../a", "/a", "a/", ".")),
        type: fc.constantFrom("0", "5", "1", "2", "x", "g", "L", "S", "\u0000"),
        size: fc.oneof(fc.nat(3000), fc.string({ maxLength: 11 })),
        mode: fc.string({ maxLength: 7 }),
        prefix: fc.string({ maxLength: 20 }),
      })
      .map(head),
    fc.tuple(fc.constantFrom("a", "b", "c/d"), fc.string()).map(([name, text]) => entry({ name }, text)),
    fc
      .dictionary(fc.constantFrom("path", "size", "x", "GNU.sparse.name"), fc.string())
      .map((all) => pax(all)),
    fc.constant(Buffer.alloc(512)),
    fc.constant(END),
  );

  test("get an answer, and never write outside, above the bounds, or leave anything open", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, zip) => {
        const body = Buffer.concat(pieces);
        const caps = { uploadBytes: 4096, entries: 3 };
        const { response, files, errors } = await upload(zip ? gzipSync(body) : body, {
          caps,
          headers: zip ? { "content-encoding": "gzip" } : {},
        });
        expect([200, 400, 409, 413]).toContain(response.status);
        expect(errors).toEqual([]);
        expect(files.open).toBe(0);
        const written = [...files.nodes.values()].filter(({ type }) => type === "file");
        expect(written.length).toBeLessThanOrEqual(caps.entries);
        const bytes = written.reduce(
          (sum, node) => sum + (node.type === "file" ? node.content.length : 0),
          0,
        );
        expect(bytes).toBeLessThanOrEqual(caps.uploadBytes);
      }),
      { numRuns: 1000 },
    );
  });

  test("changed in a good archive are refused, or are content", async () => {
    const good = archive(entry({ name: "a" }, "x".repeat(100)), pax({ path: "long" }), entry({}, "y"));
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const body = Buffer.from(good);
        body[at] = (body[at] ?? 0) ^ by;
        const { response, errors, files } = await upload(body);
        expect([200, 400]).toContain(response.status);
        expect(errors).toEqual([]);
        expect(files.open).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
