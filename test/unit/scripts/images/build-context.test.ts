import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildContext, type ContextPart } from "../../../../scripts/images/build-context.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-context-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function entriesOf(parts: readonly ContextPart[]) {
  const found: { [name: string]: { mode: number; uid: number; text: string } } = {};
  const archive = extract();
  archive.on("entry", ({ name, mode, uid }, content, next) => {
    let text = "";
    content.on("data", (chunk) => {
      text += String(chunk);
    });
    content.on("end", () => {
      found[name] = { mode, uid, text };
      next();
    });
  });
  await pipeline(buildContext(parts), archive);
  return found;
}

describe("build context", () => {
  test("files get fixed owners and modes, whatever the host's are", async () => {
    writeFileSync(join(folder, "open.py"), "1");
    chmodSync(join(folder, "open.py"), 0o666);
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin", "tool"), "2");
    chmodSync(join(folder, "bin", "tool"), 0o4777);
    expect(await entriesOf([{ to: "x", folder }])).toEqual({
      "x/bin/tool": { mode: 0o555, uid: 0, text: "2" },
      "x/open.py": { mode: 0o444, uid: 0, text: "1" },
    });
  });

  test("what is omitted stays out, and a text can stand in for a file", async () => {
    writeFileSync(join(folder, "a"), "1");
    writeFileSync(join(folder, "b"), "2");
    const parts = [
      { to: "", folder, omit: (path: string) => path === "b" },
      { to: "manifest.json", text: "{}" },
    ];
    expect(Object.keys(await entriesOf(parts))).toEqual(["a", "manifest.json"]);
  });

  test("a link stays a link: what it points at on the host does not come along", async () => {
    symlinkSync("/etc/hostname", join(folder, "link"));
    expect(await entriesOf([{ to: "", folder }])).toMatchObject({ link: { text: "" } });
  });

  test("a file that cannot be read fails the stream", async () => {
    const gone = { to: "", folder: join(folder, "gone") };
    await expect(entriesOf([gone])).rejects.toThrow(/ENOENT/);
  });
});
