import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import tar from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseRef } from "../../../src/cli/files/workspace-ref.ts";
import { FakeService, problem } from "./fake-service.ts";
import { aFolder, run } from "./run-in-test.ts";
import { ses } from "./samples.ts";

const files = `/v1/sessions/${ses}/files`;
let service: FakeService;
let cwd: string;

beforeEach(async () => {
  service = await FakeService.start();
  cwd = aFolder();
});
afterEach(() => service[Symbol.asyncDispose]());

const cli = (...argv: string[]) => run(argv, { service, cwd });
const sendsTar = (...entries: [header: Parameters<tar.Pack["entry"]>[0], content?: string][]) =>
  service.on(`GET ${files}`, (_, response) => {
    const pack = tar.pack();
    for (const [header, content = ""] of entries) pack.entry(header, content);
    pack.finalize();
    response.writeHead(200, { "content-type": "application/x-tar", "x-cloche-skipped": "2" });
    pack.pipe(response);
  });

describe("SESSION:path", () => {
  test.each([
    [`${ses}:a/b.txt`, "a/b.txt", false],
    [`${ses}:`, "", true],
    [`${ses}:.`, "", true],
    [`${ses}:./a`, "a", false],
    [`${ses}:a/`, "a", true],
    [`${ses}:/workspace`, "", true],
    [`${ses}:/workspace/a:b`, "a:b", false],
  ])("%s", (text, path, asFolder) => {
    expect(parseRef(text)).toEqual({ session: ses, path, asFolder });
  });

  test.each(["a.txt", "./ses_1:x", "C:x", "ses_1", "exe_1:x"])("%s is a local name", (text) => {
    expect(parseRef(text)).toBeUndefined();
  });

  test.each([
    `${ses}:../x`,
    `${ses}:a/../../../ses_other`,
    `${ses}:/etc/passwd`,
    `${ses}:a//b`,
    `${ses}:/workspacex`,
  ])("%s is refused: it would name something else", async (text) => {
    expect(() => parseRef(text)).toThrow(/must not have|is not below/);
    expect((await cli("rm", "-r", text)).code).toBe(2);
    expect(service.asked).toEqual([]);
  });
});

describe("cloche cp, into a session", () => {
  test("a file, byte by byte, with its mode", async () => {
    const content = Buffer.alloc(300_000, 255);
    writeFileSync(join(cwd, "tool.sh"), content, { mode: 0o755 });
    service.on(`PUT ${files}/bin/my%20tool.sh`, (_, response) => void response.writeHead(201).end("{}"));
    expect(await cli("cp", "tool.sh", `${ses}:bin/my tool.sh`)).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(service.asked[0]).toMatchObject({ query: { mode: "755" } });
    expect(service.asked[0]?.headers["content-type"]).toBe("application/octet-stream");
    expect(service.asked[0]?.body.equals(content)).toBe(true);
  });

  test("into a folder it keeps its name, and a connection that breaks is tried again", async () => {
    writeFileSync(join(cwd, "a.txt"), "text");
    service.inTurn(
      `PUT ${files}/d/a.txt`,
      (_, response) => void response.destroy(),
      () => ({}),
    );
    service.on(`PUT ${files}/a.txt`, () => ({}));
    expect((await cli("cp", "a.txt", `${ses}:d/`)).code).toBe(0);
    expect((await cli("cp", "a.txt", `${ses}:`)).code).toBe(0);
    expect(service.asked.map(({ path, body }) => [path, body.toString()])).toEqual([
      [`${files}/d/a.txt`, "text"],
      [`${files}/d/a.txt`, "text"],
      [`${files}/a.txt`, "text"],
    ]);
  });

  test("- is standard input, which can't be sent twice", async () => {
    service.inTurn(
      `PUT ${files}/x`,
      () => ({}),
      (_, response) => void response.destroy(),
    );
    const upload = () => run(["cp", "-", `${ses}:x`], { service, cwd, stdin: "piped" });
    expect((await upload()).code).toBe(0);
    expect((await upload()).code).toBe(125);
    expect(service.asked.map(({ body }) => body.toString())).toEqual(["piped", "piped"]);
  });

  test("-r sends what a folder holds as a tar archive, and says what it left out", async () => {
    mkdirSync(join(cwd, "src/sub"), { recursive: true });
    writeFileSync(join(cwd, "src/sub/a.py"), "print(1)");
    symlinkSync("/etc/passwd", join(cwd, "src/link"));
    service.on(`PUT ${files}`, () => ({ files: 1, folders: 1, bytes: 8 }));
    const { code, stderr } = await cli("cp", "-r", "src", `${ses}:dst`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "cloche: link was left out: it is a link\n" });
    expect(service.asked[0]).toMatchObject({ query: { path: "dst" } });
    const extract = tar.extract();
    extract.end(service.asked[0]?.body);
    const names: string[] = [];
    for await (const entry of extract) {
      names.push(entry.header.name);
      entry.resume();
    }
    expect(names).toEqual(["sub/", "sub/a.py"]);
  });

  test.each([
    [["cp", "a", "b"], /one of SRC and DST must be SESSION:PATH/],
    [["cp", `${ses}:a`, `${ses}:b`], /one of SRC and DST/],
    [["cp", "missing", `${ses}:b`], /"missing" cannot be read/],
    [["cp", ".", `${ses}:b`], /is a folder: copy it with -r/],
    [["cp", "-", `${ses}:`], /needs the name of a file/],
    [["cp", `${ses}:`, "x"], /is a folder: copy it with -r/],
  ])("%j is refused before anything is sent", async (argv, message) => {
    expect(await cli(...argv)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(service.asked).toEqual([]);
  });

  test("what the workspace refuses is told", async () => {
    writeFileSync(join(cwd, "a"), "x");
    service.on(`PUT ${files}/a`, problem(409, "file_refused", '"a" is a link or is below one'));
    expect(await cli("cp", "a", `${ses}:a`)).toMatchObject({
      code: 125,
      stderr: 'cloche: "a" is a link or is below one (file_refused)\n',
    });
  });
});

describe("cloche cp, out of a session", () => {
  const content = Buffer.alloc(300_000, 254);
  const sends = () => service.on(`GET ${files}/d/a.bin`, (_, response) => void response.end(content));

  test("a file under the name given, or its own in a folder, or to standard output", async () => {
    sends();
    mkdirSync(join(cwd, "folder"));
    expect((await cli("cp", `${ses}:d/a.bin`, "copy.bin")).code).toBe(0);
    expect((await cli("cp", `${ses}:d/a.bin`, "folder")).code).toBe(0);
    const piped = await cli("cp", `${ses}:d/a.bin`, "-");
    expect(readFileSync(join(cwd, "copy.bin")).equals(content)).toBe(true);
    expect(readFileSync(join(cwd, "folder/a.bin")).equals(content)).toBe(true);
    expect(piped.bytes.equals(content)).toBe(true);
  });

  test("a download that breaks off leaves what was there, and nothing else", async () => {
    writeFileSync(join(cwd, "copy.bin"), "before");
    service.on(`GET ${files}/d/a.bin`, (_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("only a part", () => response.destroy());
    });
    const { code, stderr } = await cli("cp", `${ses}:d/a.bin`, "copy.bin");
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringContaining("broke off") });
    expect(readdirSync(cwd)).toEqual(["copy.bin"]);
    expect(readFileSync(join(cwd, "copy.bin"), "utf8")).toBe("before");
  });

  test("a link of the user's own stays a link; a device is not replaced", async () => {
    sends();
    writeFileSync(join(cwd, "real"), "");
    symlinkSync("real", join(cwd, "link"));
    expect((await cli("cp", `${ses}:d/a.bin`, "link")).code).toBe(0);
    expect(lstatSync(join(cwd, "link")).isSymbolicLink()).toBe(true);
    expect(statSync(join(cwd, "real")).size).toBe(content.length);
    expect(await cli("cp", `${ses}:d/a.bin`, "/dev/null")).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("no regular file"),
    });
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("-r unpacks below the folder given, and says what is missing", async () => {
    sendsTar(
      [{ name: "d/", type: "directory" }],
      [{ name: "d/a.txt" }, "text"],
      [{ name: "run.sh", mode: 0o755 }, "x"],
      [{ name: "empty/", type: "directory" }],
    );
    const { code, stderr } = await cli("cp", "-r", `${ses}:src`, "out");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "cloche: 2 links, devices and the like were left out\n",
    });
    expect(service.asked[0]).toMatchObject({
      query: { path: "src" },
      headers: { accept: "application/x-tar" },
    });
    expect(readFileSync(join(cwd, "out/d/a.txt"), "utf8")).toBe("text");
    expect(statSync(join(cwd, "out/run.sh")).mode & 0o100).toBe(0o100);
    expect(statSync(join(cwd, "out/d/a.txt")).mode & 0o100).toBe(0);
    expect(readdirSync(join(cwd, "out/empty"))).toEqual([]);
  });

  test("-r to - is the archive itself", async () => {
    sendsTar([{ name: "a" }, "x"]);
    const { bytes } = await cli("cp", "-r", `${ses}:`, "-");
    expect(bytes.length % 512).toBe(0);
    expect(service.asked[0]?.query).toEqual({});
  });

  test.each(["../evil", "/etc/evil", "a/../../evil", "..", "a\\b"])(
    "an archive can't name %j",
    async (name) => {
      sendsTar([{ name: "good" }, "x"], [{ name }, "evil"]);
      const { code, stderr } = await cli("cp", "-r", `${ses}:`, "out");
      expect({ code, stderr }).toEqual({
        code: 125,
        stderr: expect.stringContaining("is no name to save a file under"),
      });
      expect(readdirSync(cwd)).toEqual(["out"]);
    },
  );

  test("an archive's links are not made, and links that are there are not followed", async () => {
    const outside = aFolder();
    writeFileSync(join(outside, "target"), "mine");
    mkdirSync(join(cwd, "out"));
    symlinkSync(outside, join(cwd, "out/d"));
    symlinkSync(join(outside, "target"), join(cwd, "out/f"));
    sendsTar([{ name: "l", type: "symlink", linkname: outside }]);
    expect(await cli("cp", "-r", `${ses}:`, "out")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("l was left out"),
    });
    expect(existsSync(join(cwd, "out/l"))).toBe(false);
    for (const name of ["d/evil", "f"]) {
      sendsTar([{ name }, "evil"]);
      expect(await cli("cp", "-r", `${ses}:`, "out")).toMatchObject({
        code: 125,
        stderr: expect.stringContaining("is there and is no"),
      });
    }
    expect(readdirSync(outside)).toEqual(["target"]);
    expect(readFileSync(join(outside, "target"), "utf8")).toBe("mine");
  });

  test("an archive that breaks off is a fault", async () => {
    service.on(`GET ${files}`, (_, response) => {
      response.writeHead(200, { "content-type": "application/x-tar" });
      response.write(Buffer.alloc(100), () => response.destroy());
    });
    expect(await cli("cp", "-r", `${ses}:`, "out")).toMatchObject({
      code: 125,
      stderr: expect.stringContaining("broke off"),
    });
  });
});

describe("cloche ls and rm", () => {
  const entry = {
    path: "d/a\u001b[2J\nb",
    type: "file",
    bytes: 12,
    modifiedMs: Date.UTC(2026, 10, 23),
    mode: 0o644,
  };

  test("ls shows a folder, its names escaped", async () => {
    service.on(`GET ${files}`, () => ({
      items: [entry, { ...entry, path: "x", modifiedMs: 1e300 }],
      nextCursor: null,
    }));
    const { stdout } = await cli("ls", `${ses}:d`, "-r");
    expect(service.asked[0]?.query).toEqual({ path: "d", recursive: "true", limit: "100" });
    expect(stdout).toMatch(/^file +644 +12 +2026-11-23T00:00:00Z +d\/a\\x1b\[2J\\nb$/m);
    expect(stdout).toMatch(/^file +644 +12 +- +x$/m);
    await cli("ls", ses);
    expect(service.asked[1]?.query).toEqual({ limit: "100" });
  });

  test("rm removes a file, and a folder only with -r", async () => {
    service.on(`DELETE ${files}/d`, () => ({ removed: 3 }));
    expect(await cli("rm", `${ses}:d`)).toMatchObject({ code: 0, stdout: "" });
    expect(JSON.parse((await cli("rm", "-r", `${ses}:d/`, "--json")).stdout)).toEqual({ removed: 3 });
    expect(service.asked.map(({ query }) => query)).toEqual([{}, { recursive: "true" }]);
  });

  test.each([`${ses}:`, `${ses}:/workspace`, "d"])("rm %s is refused", async (text) => {
    expect((await cli("rm", "-r", text)).code).toBe(2);
    expect(service.asked).toEqual([]);
  });
});

test("a whole round: what was sent comes back", async () => {
  mkdirSync(join(cwd, "src/sub"), { recursive: true });
  writeFileSync(join(cwd, "src/sub/ünï.bin"), Buffer.alloc(100_000, 3));
  let archive: Buffer = Buffer.alloc(0);
  service
    .on(`PUT ${files}`, ({ body }) => {
      archive = body;
      return {};
    })
    .on(`GET ${files}`, (_, response) => void response.end(archive));
  await cli("cp", "-r", "src", `${ses}:`);
  await cli("cp", "-r", `${ses}:`, "back");
  expect(readFileSync(join(cwd, "back/sub/ünï.bin")).equals(Buffer.alloc(100_000, 3))).toBe(true);
});
