/** Archives in both directions, and what is not believed of the service's. */
import { mkdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import tar from "tar-stream";
import { describe, expect, test } from "vitest";
import { ConnectionError } from "../../../src/cli/errors.ts";
import { packFolder } from "../../../src/cli/files/pack-folder.ts";
import { readTar } from "../../../src/cli/files/read-tar.ts";
import { readTar as readAsService } from "../../../src/http/files/tar/read-tar.ts";
import { aFolder } from "./run-in-test.ts";

type Entry = { path: string; type: string; content: string; executable: boolean };

const read = async (archive: Uint8Array, chunkBytes = archive.length || 1): Promise<Entry[]> => {
  const entries: Entry[] = [];
  for await (const { content, ...entry } of readTar(inChunks(archive, chunkBytes))) {
    entries.push({ ...entry, content: (await buffer(content)).toString("latin1") });
  }
  return entries;
};

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const packed = (entries: [header: Parameters<tar.Pack["entry"]>[0], content?: string][]): Promise<Buffer> => {
  const pack = tar.pack();
  for (const [header, content = ""] of entries) pack.entry(header, Buffer.from(content, "latin1"));
  pack.finalize();
  return buffer(pack);
};

const padded = (text: string) => text.padEnd(Math.ceil(text.length / 512) * 512, "\0");

/** The header of a file of that size, with some of its bytes changed. */
const headerOf = async (size: number, change: { type?: string; size?: Buffer }): Promise<Buffer> => {
  const pack = tar.pack();
  pack.entry({ name: "odd", size, mtime: new Date(0) });
  const { value } = await pack[Symbol.asyncIterator]().next();
  const header = Buffer.from(value as Uint8Array);
  if (change.type !== undefined) header.write(change.type, 156);
  change.size?.copy(header, 124);
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0`, 148);
  return header;
};

const name = fc
  .array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map((part) => part.replace(/[/\\.]|\p{Cc}/gu, "x")).join("/"))
  .filter((path) => path.isWellFormed() && path.trim() === path);

/** Of one part, as long as Linux takes it. */
const plainName = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 120 })
  .map((text) => text.replace(/[/\\.\ufffd]|\p{Cc}/gu, "x"))
  .filter((text) => text.isWellFormed() && Buffer.byteLength(text) <= 255);

describe("readTar", () => {
  test("reads what tar-stream writes, whatever its names, sizes and chunks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ path: name, bytes: fc.integer({ min: 0, max: 1500 }), executable: fc.boolean() }),
        ),
        fc.integer({ min: 1, max: 2000 }),
        async (files, chunkBytes) => {
          const archive = await packed(
            files.map(({ path, bytes, executable }) => [
              { name: path, mode: executable ? 0o755 : 0o644 },
              "x".repeat(bytes),
            ]),
          );
          expect(await read(archive, chunkBytes)).toEqual(
            files.map(({ path, bytes, executable }) => ({
              path,
              type: "file",
              executable,
              content: "x".repeat(bytes),
            })),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("folders, links and devices are told apart, and content that is not taken is skipped", async () => {
    const archive = await packed([
      [{ name: "./d/", type: "directory" }],
      [{ name: "d/big" }, "x".repeat(5000)],
      [{ name: "l", type: "symlink", linkname: "/etc/passwd" }],
      [{ name: "h", type: "link", linkname: "d/big" }],
      [{ name: "dev", type: "character-device" }],
      [{ name: "last" }, "end"],
    ]);
    const seen: string[] = [];
    for await (const { path, type } of readTar(inChunks(archive, 100))) seen.push(`${path} ${type}`);
    expect(seen).toEqual(["d folder", "d/big file", "l other", "h other", "dev other", "last file"]);
  });

  test("an archive that breaks off anywhere is refused", async () => {
    const archive = await packed([
      [{ name: "a" }, "x".repeat(700)],
      [{ name: "b" }, "y"],
    ]);
    for (const bytes of [0, 100, 512, 1000, 1536, 2048, archive.length - 1024]) {
      await expect(read(archive.subarray(0, bytes)), `${bytes} bytes`).rejects.toThrow("ends too early");
    }
  });

  test("broken headers are refused, and nothing is believed of them", async () => {
    const archive = await packed([[{ name: "a" }, "x"]]);
    const whole = await read(archive);
    // The same sum can be written in more than one way.
    const isChecksum = (at: number) => at >= 148 && at < 156;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const broken = Buffer.from(archive);
          broken[at] = (broken[at] ?? 0) ^ change;
          const came = await read(broken).catch(String);
          if (!isChecksum(at) || typeof came === "string") expect(came).toMatch(/^SaveError: The archive /);
          else expect(came).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
    const wrongSum = Buffer.from(archive);
    wrongSum.write("000001", 148);
    await expect(read(wrongSum)).rejects.toThrow(/^The archive has a/);
    await expect(read(Buffer.from("this is no tar".padEnd(512, "!")))).rejects.toThrow("The archive has a");
  });

  test("pax records can't be endless or broken", async () => {
    const file: Parameters<typeof packed>[0] = [[{ name: "f" }, "x"]];
    const pax = async (body: string, bytes = Buffer.byteLength(body), type = "x") =>
      Buffer.concat([await headerOf(bytes, { type }), Buffer.from(padded(body)), await packed(file)]);
    await expect(read(await pax("", 2 ** 30))).rejects.toThrow("exceeds max size");
    for (const body of ["nonsense", "0 a=b\n", "-5 a=b\n"]) {
      await expect(read(await pax(body)), body).rejects.toThrow("broken pax header");
    }
    await expect(read(await pax("11 size=-1\n"))).rejects.toThrow("Invalid header");
    const many = Array.from({ length: 1000 }, (_, i) => `10 k${i + 1000}=\n`).join("");
    await expect(read(await pax(many))).rejects.toThrow("too large");
    // For all entries that follow; each that has one of its own would have it copied.
    const global = await pax(many, many.length, "g");
    const own = await packed([[{ name: "ünï" }, "x"]]);
    await expect(read(Buffer.concat([global.subarray(0, global.length - 2048), own]))).rejects.toThrow(
      "too large",
    );
  });

  test("an entry has a size, and a folder has no content", async () => {
    for (const change of [
      { size: Buffer.alloc(12, 0xa0) },
      { size: Buffer.alloc(12, 0xff).fill(0xfe, 11) },
      { type: "5" },
    ]) {
      const archive = Buffer.concat([await headerOf(512, change), Buffer.alloc(4096)]);
      await expect(read(archive)).rejects.toThrow(/^The archive has a.* (wrong size|Invalid header)$/);
    }
  });

  test("what the source fails with is what comes out, between entries and within one", async () => {
    const archive = await packed([
      [{ name: "a" }, "x".repeat(700)],
      [{ name: "b" }, "y"],
    ]);
    for (const bytes of [0, 600, 1536, archive.length]) {
      const source = async function* () {
        yield archive.subarray(0, bytes);
        throw new ConnectionError("it broke off");
      };
      const reading = async () => {
        for await (const { content } of readTar(source())) await buffer(content);
      };
      await expect(reading(), `${bytes} bytes`).rejects.toThrow(new ConnectionError("it broke off"));
    }
  });

  test("whoever has had enough lets go of the source", async () => {
    const archive = await packed([
      [{ name: "a" }, "x".repeat(100_000)],
      [{ name: "b" }, "y"],
    ]);
    const left = Promise.withResolvers<void>();
    const source = async function* () {
      try {
        yield* inChunks(archive, 1000);
      } finally {
        left.resolve();
      }
    };
    for await (const { path } of readTar(source())) {
      expect(path).toBe("a");
      break;
    }
    await left.promise;
  });

  test("no more is taken from the source than is read", async () => {
    const archive = await packed([[{ name: "a" }, "x".repeat(1_000_000)]]);
    let taken = 0;
    const source = async function* () {
      for await (const piece of inChunks(archive, 10_000)) {
        taken += piece.length;
        yield piece;
      }
    };
    for await (const { content } of readTar(source())) {
      let got = 0;
      for await (const piece of content) {
        got += piece.length;
        expect(taken - got).toBeLessThan(100_000);
      }
      expect(got).toBe(1_000_000);
    }
  });
});

describe("packFolder", () => {
  test("tar-stream reads what it writes: names, modes, content; links are left out", async () => {
    const root = aFolder();
    const long = "n".repeat(120);
    mkdirSync(join(root, "d/empty"), { recursive: true });
    mkdirSync(join(root, long));
    writeFileSync(join(root, "a.txt"), "a");
    writeFileSync(join(root, "d/run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(root, `${long}/ünï 数.bin`), Buffer.alloc(70_000, 7));
    symlinkSync("/etc/passwd", join(root, "link"));
    const skipped: string[] = [];
    const archive = await buffer(
      Readable.from(packFolder(root, (path, why) => skipped.push(`${path}: ${why}`))),
    );

    const extract = tar.extract();
    Readable.from([archive]).pipe(extract);
    const entries: Record<string, { type: string | undefined; mode: number | undefined; bytes: number }> = {};
    for await (const entry of extract) {
      const { name, type, mode } = entry.header;
      entries[name] = { type: type ?? undefined, mode, bytes: (await buffer(entry)).length };
    }
    expect(entries).toEqual({
      "a.txt": { type: "file", mode: expect.any(Number), bytes: 1 },
      "d/": { type: "directory", mode: 0o755, bytes: 0 },
      "d/empty/": { type: "directory", mode: 0o755, bytes: 0 },
      "d/run.sh": { type: "file", mode: 0o755, bytes: 10 },
      [`${long}/`]: { type: "directory", mode: 0o755, bytes: 0 },
      [`${long}/ünï 数.bin`]: { type: "file", mode: expect.any(Number), bytes: 70_000 },
    });
    expect(skipped).toEqual(["link: it is a link"]);
    expect(await read(archive, 1000)).toHaveLength(6);
  });

  test("the service's reader takes what it writes, whatever the names", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(plainName, { maxLength: 6 }), fc.nat(300), async (names, bytes) => {
        const root = aFolder();
        for (const name of names) writeFileSync(join(root, name), "x".repeat(bytes));
        mkdirSync(join(root, "d".repeat(99), "e".repeat(100), "f".repeat(101)), { recursive: true });
        const found: string[] = [];
        for await (const { name, content } of readAsService(asBuffers(packFolder(root, () => {})))) {
          found.push(name);
          if (!name.endsWith("/")) expect((await buffer(content)).length).toBe(bytes);
        }
        expect(found.filter((name) => !name.endsWith("/")).toSorted()).toEqual(names.toSorted());
        expect(found.filter((name) => name.endsWith("/")).map((name) => name.length)).toEqual([
          100, 201, 303,
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test("times that tar has not are brought near", async () => {
    const root = aFolder();
    for (const [name, time] of [
      ["old", new Date(-5000)],
      ["late", new Date(2 ** 33 * 1000)],
    ] as const) {
      writeFileSync(join(root, name), "");
      utimesSync(join(root, name), time, time);
    }
    const extract = tar.extract();
    Readable.from(packFolder(root, () => {})).pipe(extract);
    const seconds: Record<string, number> = {};
    for await (const entry of extract) {
      seconds[entry.header.name] = entry.header.mtime.getTime() / 1000;
      entry.resume();
    }
    expect(seconds).toEqual({ old: 0, late: 2 ** 31 - 1 });
  });

  test("what can't be read ends the archive with an error, also after others", async () => {
    const root = aFolder();
    writeFileSync(join(root, "a"), "x".repeat(100_000));
    const gone = join(root, "missing");
    await expect(buffer(Readable.from(packFolder(gone, () => {})))).rejects.toThrow(
      `"${gone}" cannot be read: there is no such file or folder`,
    );
    const pieces = packFolder(root, () => {});
    await pieces.next();
    truncateSync(join(root, "a"), 10);
    const rest = async () => {
      for await (const _ of pieces);
    };
    await expect(rest()).rejects.toThrow(`"${join(root, "a")}" got shorter while it was read`);
  });

  test("whoever has had enough ends the reading", async () => {
    const root = aFolder();
    for (let i = 0; i < 20; i += 1) writeFileSync(join(root, `${i}`), "x".repeat(100_000));
    for await (const piece of packFolder(root, () => {})) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});

async function* asBuffers(pieces: AsyncIterable<Uint8Array>) {
  for await (const piece of pieces) yield Buffer.from(piece);
}
