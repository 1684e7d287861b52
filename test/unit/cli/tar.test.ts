/** Our small tar against tar-stream, which the service uses. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import tar from "tar-stream";
import { describe, expect, test } from "vitest";
import { packFolder } from "../../../src/cli/files/pack-folder.ts";
import { readTar } from "../../../src/cli/files/read-tar.ts";
import { toHeaders } from "../../../src/cli/files/tar-header.ts";
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

const name = fc
  .array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map((part) => part.replace(/[/\\.]|\p{Cc}/gu, "x")).join("/"))
  .filter((path) => path.isWellFormed() && path.trim() === path);

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
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const broken = Buffer.from(archive);
          broken[at] = (broken[at] ?? 0) ^ change;
          await expect(read(broken)).rejects.toThrow(/^The archive /);
        },
      ),
      { numRuns: 100 },
    );
    await expect(read(Buffer.from("this is no tar".padEnd(512, "!")))).rejects.toThrow("The archive has a");
  });

  test("pax records can't be endless or broken", async () => {
    const pax = (body: string, bytes = Buffer.byteLength(body)) =>
      Buffer.concat([
        toHeaders({ path: "pax", type: "x", bytes, mode: 0o644, modifiedMs: 0 }),
        Buffer.from(body.padEnd(512, "\0")),
      ]);
    await expect(read(pax("", 2 ** 30))).rejects.toThrow("too large");
    for (const body of ["nonsense", "0 a=b\n", "-5 a=b\n", "99 path=x\n"]) {
      await expect(read(pax(body))).rejects.toThrow("broken pax header");
    }
    const file = toHeaders({ path: "f", type: "0", bytes: 0, mode: 0o644, modifiedMs: 0 });
    await expect(read(Buffer.concat([pax("11 size=-1\n"), file]))).rejects.toThrow("no size");
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

  test("sizes that ustar has no room for are in a pax record", () => {
    const headers = toHeaders({ path: "big", type: "0", bytes: 2 ** 40, mode: 0o644, modifiedMs: 0 });
    expect(headers.toString("latin1")).toContain(`22 size=${2 ** 40}\n`);
  });
});
