import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { extract } from "tar-stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { workspacePath } from "../../../../src/domain/workspace-path.ts";
import { FileRefused } from "../../../../src/engine/ports/sandbox-files.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import { BASE, fileService, problemOf } from "./file-service.ts";

const accept = { accept: "application/x-tar" };

/** Read by somebody else's reader. */
const entriesOf = async (bytes: ArrayBuffer) => {
  const entries: Record<string, { mode: number | undefined; type: unknown; text: string }> = {};
  const reader = extract();
  reader.end(Buffer.from(bytes));
  for await (const entry of reader) {
    const { name, mode, type } = entry.header;
    entries[name] = {
      mode,
      type,
      text: await text(entry),
    };
  }
  return entries;
};

const special = (type: "link" | "other") => ({ type, mode: 0o777, modifiedMs: 0 }) as const;

describe("a folder's archive", () => {
  test("has files and folders, tells what it leaves out, and closes everything", async () => {
    const { app, files, charged } = fileService();
    files.put("in/a", "one");
    files.put("in/sub/é", { type: "file", content: Buffer.from("two"), mode: 0o4750, modifiedMs: 1e12 });
    files.put("in/locked", { type: "file", content: Buffer.from("three"), mode: 0, modifiedMs: -5e15 });
    files.put("in/link", special("link"));
    files.put("in/pipe", special("other"));
    files.put("in/a\nb", "control");
    files.put("in/\ufffd", "raw");
    files.rawNames.set("in/\ufffd", Buffer.from("in/\xff", "latin1"));
    files.put("inner", "beside");
    const response = await app.request(`${BASE}?path=in`, { headers: accept });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/x-tar",
      "x-cloche-skipped": "4",
      "x-content-type-options": "nosniff",
      "content-disposition": "attachment; filename=\"in.tar\"; filename*=UTF-8''in.tar",
    });
    const bytes = await response.arrayBuffer();
    expect(await entriesOf(bytes)).toEqual({
      a: { mode: 0o644, type: "file", text: "one" },
      locked: { mode: 0, type: "file", text: "three" },
      "sub/": { mode: 0o755, type: "directory", text: "" },
      "sub/é": { mode: 0o750, type: "file", text: "two" },
    });
    expect(files.open).toBe(0);
    expect(charged.bytes).toBe(bytes.byteLength);
  });

  test("is one that tar(1) takes, also when it is empty", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloche-tar-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { app, files } = fileService();
    const archive = join(folder, "x.tar");
    const unpack = async () => {
      const response = await app.request(BASE, { headers: accept });
      writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
      return execFileSync("tar", ["-xvf", archive], { cwd: folder, encoding: "utf8" });
    };
    expect(await unpack()).toBe("");
    const long = `${"d".repeat(200)}/${"e".repeat(200)}`;
    files.put(long, "long");
    await unpack();
    expect(readFileSync(join(folder, long), "utf8")).toBe("long");
    expect(readdirSync(folder).sort()).toEqual(["d".repeat(200), "x.tar"].sort());
  });

  test("goes through as many pages as there are", async () => {
    const { app, files } = fileService({ caps: { entries: 5000, downloadBytes: 1e9 } });
    for (let index = 0; index < 2500; index += 1) files.put(`f${index}`, String(index));
    const entries = await entriesOf(await (await app.request(BASE, { headers: accept })).arrayBuffer());
    expect(Object.keys(entries)).toHaveLength(2500);
    expect(entries["f2499"]?.text).toBe("2499");
  });

  test("is asked for by what the caller takes first", async () => {
    const { app } = fileService();
    const typeFor = async (types: string) =>
      (await app.request(BASE, { headers: { accept: types } })).headers.get("content-type");
    expect(await typeFor("text/html, application/x-tar;q=0.9, application/json")).toBe("application/x-tar");
    expect(await typeFor("application/json, application/x-tar")).toBe("application/json");
    expect(await typeFor("*/*")).toBe("application/json");
  });
});

describe("an archive is refused before anything of it is sent", () => {
  test.each([
    ["too many entries", { entries: 2 }, 413],
    ["too many bytes", { downloadBytes: 5 }, 413],
  ])("for %s", async (_what, caps, status) => {
    const { app, files } = fileService({ caps });
    for (const name of ["a", "b", "c"]) files.put(name, "xx");
    const response = await app.request(BASE, { headers: accept });
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code: "payload_too_large" });
  });

  test("for a folder that is none, and a list that does not end", async () => {
    const { app, files } = fileService();
    files.put("a", "x");
    const at = async (query: string) => await problemOf(await app.request(BASE + query, { headers: accept }));
    expect(await at("?path=a")).toMatchObject({ code: "file_refused" });
    expect(await at("?path=none")).toMatchObject({ code: "not_found" });
    const stuck = Object.assign(Object.create(files), {
      list: async () => ({ entries: [await files.stat("a")], more: true }),
    });
    const endless = await fileService({ files: stuck }).app.request(BASE, { headers: accept });
    expect(await problemOf(endless)).toMatchObject({ code: "sandbox_failed" });
  });

  test("for names that a sandbox made up", async () => {
    const files = new MemoryFiles();
    const entry = { type: "file", bytes: 1, modifiedMs: 0, mode: 0o644 } as const;
    const lying = Object.assign(Object.create(files), {
      list: async () => ({
        entries: ["../x", "/etc/passwd", "in/../../x", "other/x"].map((path) => ({ ...entry, path })),
        more: false,
      }),
    });
    const response = await fileService({ files: lying }).app.request(`${BASE}?path=in`, { headers: accept });
    expect(response.headers.get("x-cloche-skipped")).toBe("4");
    expect(await entriesOf(await response.arrayBuffer())).toEqual({});
    expect(files.asked).toEqual([]);
  });
});

describe("while an archive is sent", () => {
  const fill = (files: MemoryFiles) => {
    files.chunkBytes = 20_000;
    for (const name of ["a", "b", "c"]) files.put(name, name.repeat(100_000));
  };

  test.each([
    ["goes", (files: MemoryFiles) => void files.nodes.delete("b")],
    ["turns into a link", (files: MemoryFiles) => files.put("b", special("link"))],
    ["turns into a folder", (files: MemoryFiles) => files.put("b/x", "")],
  ])("a file that %s is left out", async (_what, change) => {
    const { app, files } = fileService();
    fill(files);
    files.beforeRead = (path) => {
      if (path !== "b") return;
      files.nodes.delete("b");
      change(files);
    };
    const entries = await entriesOf(await (await app.request(BASE, { headers: accept })).arrayBuffer());
    expect(Object.keys(entries)).toEqual(["a", "c"]);
    expect(files.open).toBe(0);
  });

  test("a file that grew since the list is sent as it is then", async () => {
    const { app, files } = fileService();
    fill(files);
    files.beforeRead = (path) => {
      if (path === "b") files.put("b", "y".repeat(200_000));
    };
    const entries = await entriesOf(await (await app.request(BASE, { headers: accept })).arrayBuffer());
    expect(entries["b"]?.text).toBe("y".repeat(200_000));
  });

  test.each([
    [
      "changes",
      (files: MemoryFiles) => Object.assign(files.nodes.get("b") ?? {}, { content: Buffer.alloc(9) }),
    ],
    [
      "can't be read any more",
      () => {
        throw new FileRefused(5, "EIO");
      },
    ],
  ])("a file that %s breaks it off", async (_what, change) => {
    const { app, files } = fileService();
    fill(files);
    files.beforePiece = (path, pieces) => {
      if (path === "b" && pieces === 3) change(files);
    };
    const response = await app.request(BASE, { headers: accept });
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(files.open).toBe(0);
  });

  test("files that grow above the bound break it off", async () => {
    const { app, files } = fileService({ caps: { downloadBytes: 350_000 } });
    fill(files);
    files.beforeRead = (path) => {
      if (path === "b") files.put("b", "y".repeat(300_000));
    };
    const response = await app.request(BASE, { headers: accept });
    await expect(response.arrayBuffer()).rejects.toThrow("350000 bytes");
    expect(files.open).toBe(0);
  });

  test("nothing is read ahead of a caller who doesn't take it, and a caller who leaves closes all", async () => {
    const { app, files, clock } = fileService();
    fill(files);
    let read = 0;
    files.beforePiece = () => {
      read += 1;
    };
    const response = await app.request(BASE, { headers: accept });
    const reader = response.body?.getReader();
    await reader?.read();
    await clock.advance(0);
    expect(read).toBeLessThan(5);
    expect(files.open).toBe(1);
    await reader?.cancel();
    await clock.advance(0);
    await expect.poll(() => files.open).toBe(0);
  });

  test("a caller who is too slow is cut off", async () => {
    const { app, files, clock } = fileService({ caps: { ms: 1000 } });
    fill(files);
    const response = await app.request(BASE, { headers: accept });
    const reader = response.body?.getReader();
    await reader?.read();
    await clock.advance(1000);
    await expect(reader?.read()).rejects.toThrow("longer than 1000 ms");
    await expect.poll(() => files.open).toBe(0);
  });
});

test("any set of files goes out and in again as it was", async () => {
  const part = fc
    .oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 60 }),
      fc.constantFrom("a", "b", "x".repeat(200)),
    )
    .filter((name) => workspacePath.safeParse(name).success && !name.includes("/"));
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
  const mode = fc.nat(0o777);
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(path, fc.record({ bytes: fc.uint8Array({ maxLength: 2000 }), mode }), { maxKeys: 8 }),
      async (wanted) => {
        const from = fileService();
        for (const [name, { bytes, mode }] of Object.entries(wanted)) {
          const isFree = ![...from.files.nodes.keys()].some((other) => other === name);
          const above = name.split("/").map((_, depth, parts) => parts.slice(0, depth).join("/"));
          if (!isFree || above.some((folder) => from.files.nodes.get(folder)?.type === "file")) continue;
          from.files.put(name, { type: "file", content: Buffer.from(bytes), mode, modifiedMs: 0 });
        }
        const archive = await (await from.app.request(BASE, { headers: accept })).arrayBuffer();
        const to = fileService();
        const put = await to.app.request(BASE, {
          method: "PUT",
          body: archive,
          headers: { "content-type": "application/x-tar" },
        });
        expect(put.status).toBe(200);
        const shape = (files: MemoryFiles) =>
          [...files.nodes]
            .map(([name, node]) => [
              name,
              node.type === "file" ? [node.mode, node.content.toString("hex")] : "folder",
            ])
            .sort();
        expect(shape(to.files)).toEqual(shape(from.files));
      },
    ),
    { numRuns: 60 },
  );
});
