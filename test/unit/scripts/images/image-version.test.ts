import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { versionImages } from "../../../../scripts/images/image-version.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-images-"));
  write("common/step.py", "1");
  write("launcher/__main__.py", "1");
  write("parent/Dockerfile", "1");
  write("child/Dockerfile", "1");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const definition = (name: string, parent: string | null) => ({
  name,
  parent,
  description: name,
  preload: [],
  maxSizeMiB: 1,
  folder: join(folder, name),
});

function hashes() {
  const versions = versionImages([definition("parent", null), definition("child", "parent")], folder);
  const [parent, child] = versions.map(({ hash, contentHash }) => ({ hash, contentHash }));
  return { parent, child };
}

describe("image versions", () => {
  test("the same files give the same hashes", () => expect(hashes()).toEqual(hashes()));

  test("a change in a child leaves its parent alone", () => {
    const before = hashes();
    write("child/Dockerfile", "2");
    const after = hashes();
    expect(after.parent).toEqual(before.parent);
    expect(after.child?.hash).not.toBe(before.child?.hash);
  });

  test("a change in a parent reaches its child", () => {
    const before = hashes();
    write("parent/Dockerfile", "2");
    expect(hashes().child?.contentHash).not.toBe(before.child?.contentHash);
  });

  test("a change in the launcher makes a new image over the same content", () => {
    const before = hashes();
    write("launcher/__main__.py", "2");
    const after = hashes();
    expect(after.child?.hash).not.toBe(before.child?.hash);
    expect(after.child?.contentHash).toBe(before.child?.contentHash);
  });

  test("a renamed file counts, documentation and local bytecode don't", () => {
    const before = hashes();
    write("child/README.md", "words");
    write("launcher/__pycache__/x.pyc", "bytes");
    expect(hashes()).toEqual(before);
    write("child/other", "");
    expect(hashes().child).not.toEqual(before.child);
  });
});
