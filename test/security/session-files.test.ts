/** The files of a session whose code is hostile: cases 34 to 43 of the battery, on a real sandbox. */

import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService, until } from "../support/service.ts";

const MiB = 1024 * 1024;
const KEY = "clo_integration-tests-only";

let service: Service;
let session: string;
beforeAll(async () => {
  service = await startService({
    CLOCHE_MAX_TRANSFER_BYTES: String(32 * MiB),
    CLOCHE_MAX_TRANSFER_ENTRIES: "2000",
  });
});
afterAll(async () => await service[Symbol.asyncDispose]());

const call = async (path: string, init: RequestInit = {}) =>
  await fetch(`${service.url}/v1/sessions${path}`, {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, ...init.headers },
  });

const post = (path: string, body: unknown) =>
  call(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });

const open = async (): Promise<void> => {
  const response = await post("", {});
  const body = (await response.json()) as { id: string };
  expect(response.status, JSON.stringify(body)).toBe(201);
  session = body.id;
};
beforeAll(open);

/** Runs code in the session; it must do what it sets out to do. */
const run = async (code: string): Promise<string> => {
  const response = await post(`/${session}/executions`, { code });
  const execution = (await response.json()) as { observation: { outcome: string; stdout: string } };
  expect(execution.observation, JSON.stringify(execution)).toMatchObject({ outcome: "ok" });
  return execution.observation.stdout;
};

const file = (path: string, init: RequestInit = {}) => call(`/${session}/files/${path}`, init);
const files = (query = "", init: RequestInit = {}) => call(`/${session}/files${query}`, init);
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const tar = { "content-type": "application/x-tar" };

const archiveOf = async (add: (archive: ReturnType<typeof pack>) => void) => {
  const archive = pack();
  add(archive);
  archive.finalize();
  return new Uint8Array(await buffer(archive));
};

describe("what the session's code sees and what its caller sees is the same", () => {
  test("bytes and names, both ways", async () => {
    const bytes = new Uint8Array(Array.from({ length: 1_000_003 }, (_, index) => (index * 7919) & 0xff));
    expect((await file("in/e%CC%81%20x.?mode=750", { method: "PUT", body: bytes })).status).toBe(201);
    const seen = await run(
      'import os, hashlib\nprint(os.listdir(b"in"), oct(os.stat("in/e\\u0301 x.").st_mode))\nprint(open("in/e\\u0301 x.", "rb").read() == bytes((i * 7919) & 255 for i in range(1000003)))',
    );
    expect(seen).toBe("[b'e\\xcc\\x81 x.'] 0o100750\nTrue\n");
    await run('open("out", "wb").write(bytes((i * 31) & 255 for i in range(700001)))');
    const read = await file("out");
    expect(read.headers.get("content-length")).toBe("700001");
    expect(Buffer.from(await read.arrayBuffer())).toEqual(
      Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 31) & 0xff)),
    );
  });

  test("archives, plain and packed, both ways", async () => {
    const body = await archiveOf((archive) => {
      archive.entry({ name: "./", type: "directory" });
      archive.entry({ name: "./a.txt", mode: 0o4755 }, "one");
      archive.entry({ name: "./deep/folder/b.txt" }, "two");
    });
    const put = await files("?path=packed", {
      method: "PUT",
      body: new Uint8Array(gzipSync(body)),
      headers: { ...tar, "content-encoding": "gzip" },
    });
    expect(await put.json()).toEqual({ files: 2, folders: 0, bytes: 6 });
    expect(
      await run('print(oct(os.stat("packed/a.txt").st_mode), open("packed/deep/folder/b.txt").read())'),
    ).toBe("0o100755 two\n");
    const got = await files("?path=packed", { headers: { accept: "application/x-tar" } });
    const again = await files("?path=again", { method: "PUT", body: await got.arrayBuffer(), headers: tar });
    expect(await again.json()).toEqual({ files: 2, folders: 2, bytes: 6 });
  });
});

describe("a link", () => {
  test("leads the session's own code where it says", async () => {
    expect(
      await run('print(*("root:x:0" in open(name).read() for name in ["passwd", "root/etc/passwd"]))'),
    ).toBe("True True\n");
  });

  beforeAll(async () => {
    await run(`
import os
for name, target in [("environ", "/proc/self/environ"), ("launcher", "/opt/cloche/launcher/__main__.py"),
                     ("root", "/"), ("proc", "/proc/1"), ("up", ".."), ("passwd", "/etc/passwd"), ("own", "out")]:
    os.symlink(target, name)
open("/tmp/target", "w").write("untouched")
os.symlink("/tmp/target", "to-tmp")
os.symlink("/tmp", "tmp-folder")
`);
  });

  test.each([
    "environ",
    "launcher",
    "root",
    "proc",
    "up",
    "passwd",
    "own",
    "root/etc/passwd",
    "proc/environ",
  ])("%s is never followed to read, list or look", async (path) => {
    for (const response of [await file(path), await files(`?path=${path}`)]) {
      expect(response.status).toBe(409);
      expect(await codeOf(response)).toBe("file_refused");
    }
    expect((await file(path, { method: "HEAD" })).status).toBe(409);
  });

  test("is never written through: it is replaced, and what is below one is refused", async () => {
    expect((await file("tmp-folder/x", { method: "PUT", body: "x" })).status).toBe(409);
    const body = await archiveOf((archive) => archive.entry({ name: "tmp-folder/y" }, "y"));
    expect((await files("", { method: "PUT", body, headers: tar })).status).toBe(409);
    expect((await file("to-tmp", { method: "PUT", body: "mine" })).status).toBe(200);
    expect(
      await run('print(open("/tmp/target").read(), os.path.islink("to-tmp"), sorted(os.listdir("/tmp")))'),
    ).toBe("untouched False ['target']\n");
  });

  test("in an archive is refused, and so is what comes through it", async () => {
    const body = await archiveOf((archive) => {
      archive.entry({ name: "via", type: "symlink", linkname: "/tmp" });
      archive.entry({ name: "via/y" }, "y");
    });
    expect(await codeOf(await files("", { method: "PUT", body, headers: tar }))).toBe("invalid_request");
    expect(await run('print(os.path.lexists("via"))')).toBe("False\n");
  });

  test("is left out of an archive, and removed without what it leads to", async () => {
    const got = await files("", { headers: { accept: "application/x-tar" } });
    expect(Number(got.headers.get("x-cloche-skipped"))).toBeGreaterThanOrEqual(8);
    expect(Buffer.from(await got.arrayBuffer()).toString("latin1")).not.toContain("root:x:0");
    expect((await file("tmp-folder?recursive=true", { method: "DELETE" })).status).toBe(200);
    expect(await run('print(os.path.exists("/tmp/target"))')).toBe("True\n");
  });

  test("that takes a folder's place while it is read never leads anywhere", async () => {
    await run(`
import os
os.makedirs("swap/d"); open("swap/d/passwd", "w").write("mine")
os.symlink("/etc", "swap/l")`);
    const swapping = run(`
import ctypes
libc = ctypes.CDLL(None)
n = 0
while not os.path.exists("stop"):
    # RENAME_EXCHANGE: there is always one of the two.
    libc.renameat2(-100, b"swap/d", -100, b"swap/l", 2)
    n += 1
print(n > 100)`);
    const seen = new Set<string>();
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const response = await file("swap/d/passwd");
      seen.add(response.status === 200 ? await response.text() : String(response.status));
      const put = await file("swap/d/written", { method: "PUT", body: "x" });
      expect([200, 201, 404, 409]).toContain(put.status);
    }
    await file("stop", { method: "PUT" });
    expect(await swapping).toBe("True\n");
    expect(seen).toContain("mine");
    for (const found of seen) expect(["mine", "404", "409"]).toContain(found);
    await file("stop", { method: "DELETE" });
  });
});

describe("what is no regular file", () => {
  test("is refused at once, and never waited for", async () => {
    await run(
      'import os, socket\nos.mkfifo("fifo")\ns = socket.socket(socket.AF_UNIX); s.bind("socket")\nos.mkdir("dir")',
    );
    for (const path of ["fifo", "socket", "dir"]) expect((await file(path)).status).toBe(409);
    const got = await files("?path=dir", { headers: { accept: "application/x-tar" } });
    expect(got.status).toBe(200);
    expect((await file("fifo", { method: "PUT", body: "file" })).status).toBe(200);
    expect(await (await file("fifo")).text()).toBe("file");
  });

  test("and takes a file's place while it is read gets nobody stuck", async () => {
    const swapping = run(`
import os, time
n = 0
while not os.path.exists("stop"):
    for make in (lambda: os.mkfifo("t"), lambda: open("t", "w").write("x" * 1000), lambda: os.symlink("/etc/passwd", "t"), lambda: os.mkdir("t")):
        make()
        os.rename("t", "moving")
        os.rmdir("moving") if os.path.isdir("moving") and not os.path.islink("moving") else os.unlink("moving")
        n += 1
print(n > 100)`);
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const response = await file("moving");
      if (response.status === 200)
        expect(["", "x".repeat(1000)]).toContain(await response.text().catch(() => ""));
      else expect([404, 409]).toContain(response.status);
    }
    await file("stop", { method: "PUT" });
    expect(await swapping).toBe("True\n");
    await file("stop", { method: "DELETE" });
  });
});

describe("a file that changes while it is read", () => {
  test("is cut off", async () => {
    await run('open("changing", "wb").write(b"a" * 20_000_000)');
    const changing = run(`
import os
n = 0
while not os.path.exists("stop"):
    with open("changing", "r+b") as f:
        f.seek(n * 65536 % 20_000_000); f.write(b"b" * 65536)
    n += 1
print(n > 10)`);
    let whole = 0;
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const response = await file("changing");
      const body = response.status === 200 ? await response.arrayBuffer().catch(() => undefined) : undefined;
      if (body) whole += 1;
    }
    await file("stop", { method: "PUT" });
    expect(await changing).toBe("True\n");
    expect(whole).toBe(0);
    await file("stop", { method: "DELETE" });
    expect((await (await file("changing")).arrayBuffer()).byteLength).toBeGreaterThanOrEqual(20_000_000);
    await file("changing", { method: "DELETE" });
  });

  test("and grows without end is sent as long as it was, or cut off", async () => {
    const growing = run(`
import os
with open("growing", "ab", buffering=0) as f:
    while not os.path.exists("stop"):
        f.write(b"x" * 1000)
        if f.tell() > 10_000_000: f.truncate(0)`);
    await until(async () => (await file("growing", { method: "HEAD" })).status === 200);
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const response = await file("growing");
      if (response.status !== 200) continue;
      const body = await response.arrayBuffer().catch(() => undefined);
      if (body) expect(body.byteLength).toBe(Number(response.headers.get("content-length")));
    }
    await file("stop", { method: "PUT" });
    await growing;
    await file("stop", { method: "DELETE" });
    await file("growing", { method: "DELETE" });
  });
});

describe("too much", () => {
  test("of a sparse giant is refused before it is read", async () => {
    await run('f = open("sparse", "wb"); f.truncate(60 * 1024 * 1024); f.close()');
    const response = await file("sparse");
    expect(response.status).toBe(413);
    const archive = await files("", { headers: { accept: "application/x-tar" } });
    expect(archive.status).toBe(413);
    await file("sparse", { method: "DELETE" });
  });

  test("of an upload is refused, the workspace says that it is full, and room made is room again", async () => {
    expect((await file("big", { method: "PUT", body: new Uint8Array(33 * MiB) })).status).toBe(413);
    const half = new Uint8Array(31 * MiB);
    expect((await file("one", { method: "PUT", body: half })).status).toBe(201);
    await run('open("fill", "wb").write(bytes(20 * 1024 * 1024))');
    const full = await file("two", { method: "PUT", body: half });
    expect(full.status).toBe(413);
    expect(((await full.json()) as { detail: string }).detail).toContain("full");
    expect((await file("two", { method: "HEAD" })).status).toBe(404);
    for (const path of ["one", "fill"]) expect((await file(path, { method: "DELETE" })).status).toBe(200);
    expect((await file("two", { method: "PUT", body: half })).status).toBe(201);
    await file("two", { method: "DELETE" });
    expect(await run('print([n for n in os.listdir(".") if n.startswith(".")])')).toBe("[]\n");
  });

  test("of names and of depth can be listed, is refused as an archive, and is removed", async () => {
    await run(`
import os
os.makedirs("many")
for i in range(4000): open(f"many/{i:04}" + "n" * 200, "w").close()
here = os.getcwd()
os.mkdir("deep"); os.chdir("deep")
for i in range(1000): os.mkdir("d"); os.chdir("d")
os.chdir(here)`);
    let cursor = "";
    const seen = new Set<string>();
    do {
      const page = await files(`?path=many&limit=1000${cursor && `&cursor=${cursor}`}`);
      const { items, nextCursor } = (await page.json()) as {
        items: { path: string }[];
        nextCursor: string | null;
      };
      for (const { path } of items) seen.add(path);
      cursor = nextCursor ?? "";
    } while (cursor !== "");
    expect(seen.size).toBe(4000);
    expect((await files("?path=many", { headers: { accept: "application/x-tar" } })).status).toBe(413);
    expect((await files("?path=deep&recursive=true")).status).toBe(200);
    for (const path of ["many", "deep"]) {
      const removed = await file(`${path}?recursive=true`, { method: "DELETE" });
      expect(removed.status, await removed.text()).toBe(200);
    }
    expect(await run('print(os.path.exists("many"), os.path.exists("deep"))')).toBe("False False\n");
  });

  test("of a bomb is given up while it unpacks", async () => {
    const bomb = gzipSync(
      await archiveOf((archive) => archive.entry({ name: "zeros" }, Buffer.alloc(40 * MiB))),
    );
    const headers = { ...tar, "content-encoding": "gzip" };
    const response = await files("", { method: "PUT", body: new Uint8Array(bomb), headers });
    expect(response.status).toBe(413);
    expect((await file("zeros", { method: "HEAD" })).status).toBe(404);
  });
});

describe("rights and names", () => {
  test("that the code took away keep nobody from reading and removing", async () => {
    await run(`
os.makedirs("locked/in"); open("locked/in/f", "w").write("x")
os.chmod("locked/in/f", 0); os.chmod("locked/in", 0); os.chmod("locked", 0)`);
    const read = await file("locked/in/f");
    expect([200, 409]).toContain(read.status);
    expect((await file("locked?recursive=true", { method: "DELETE" })).status).toBe(200);
  });

  test("that no terminal should get are escaped in lists, and told byte for byte", async () => {
    await run(`
os.mkdir(b"odd")
for name in [b"\\x1b[2J", b"a\\rb", "\\u202egnp.exe".encode(), b"\\xff\\xfe", b"back\\\\slash", b"new\\nline"]:
    open(b"odd/" + name, "w").close()`);
    const text = await (await files("?path=odd")).text();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    const { items } = JSON.parse(text) as { items: { path: string; pathBase64?: string }[] };
    expect(items.map(({ path }) => path).sort()).toEqual(
      [
        "odd/\u001b[2J",
        "odd/a\rb",
        "odd/\u202egnp.exe",
        "odd/\ufffd\ufffd",
        "odd/back\\slash",
        "odd/new\nline",
      ].sort(),
    );
    const raw = items.find(({ pathBase64 }) => pathBase64 !== undefined)?.pathBase64 ?? "";
    expect(Buffer.from(raw, "base64")).toEqual(Buffer.from("odd/\xff\xfe", "latin1"));
    const archive = await files("?path=odd", { headers: { accept: "application/x-tar" } });
    expect(archive.headers.get("x-cloche-skipped")).toBe("5");
    await archive.arrayBuffer();
    expect((await file("odd?recursive=true", { method: "DELETE" })).status).toBe(200);
  });
});

test("a session that is not there has no files, and after all of this the session works", async () => {
  expect((await call("/ses_0/files/x")).status).toBe(404);
  expect(await run("print(1 + 1)")).toBe("2\n");
  await call(`/${session}`, { method: "DELETE" });
  expect((await file("out")).status).toBe(410);
});
