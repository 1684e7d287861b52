import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { workspacePath } from "../../../src/domain/workspace-path.ts";

const accepts = (path: string) => workspacePath.safeParse(path).success;

describe("a path in a workspace", () => {
  test.each(["a", "a/b.txt", "...", "..a", "a..", "-rf", "~", "a b/ü.txt", "*", "con", "\u202e", "a:b"])(
    "%j is one",
    (path) => expect(accepts(path)).toBe(true),
  );

  test.each([
    ["", "empty"],
    ["/a", "absolute"],
    ["a/", "with an empty part"],
    ["a//b", "with an empty part"],
    [".", "the folder itself"],
    ["a/./b", "with a dot"],
    ["..", "above"],
    ["a/../b", "with two dots"],
    ["a\\b", "with a backslash"],
    ["a\u0000", "with NUL"],
    ["a\u007f", "with DEL"],
    ["a\nb", "with a line break"],
    ["a\ud800b", "of broken UTF-16"],
    ["x".repeat(256), "with a part of 256 bytes"],
    ["ü".repeat(128), "with a part of 256 bytes in fewer characters"],
    [`${"d/".repeat(32)}f`, "33 levels deep"],
    [`${"abcdefg/".repeat(128)}h`, "of more than 1,024 characters"],
  ])("%j is none: %s", (path) => {
    expect(accepts(path)).toBe(false);
  });

  test("a part may have 255 bytes, and there may be 32", () => {
    expect(accepts("ü".repeat(127))).toBe(true);
    expect(accepts(`${"d/".repeat(31)}f`)).toBe(true);
  });

  test("that is accepted is below the workspace, and is itself again from its bytes", () => {
    const nasty = fc.string({ unit: fc.constantFrom("/", ".", "a", "\\", "\u0000", "ü", "\ud800", " ") });
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string()), (path) => {
        if (!accepts(path)) return;
        expect(posix.resolve("/workspace", path)).toBe(`/workspace/${path}`);
        expect(Buffer.from(path).toString()).toBe(path);
      }),
    );
  });
});
