import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actionSchema, contentOf, pathConflict, sessionActionSchema } from "../../../src/domain/action.ts";

const withFile = (path: string) => actionSchema.safeParse({ code: "", files: { [path]: "" } });

describe("file paths", () => {
  test.each(["a", "a/b.txt", "...", "a b/ü.txt", "a.b/.c"])("%j is accepted", (path) => {
    expect(withFile(path).success).toBe(true);
  });

  test.each([
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "./a",
    "a//b",
    "a/",
    "a\u0000b",
    "a\nb",
    "C:\\x",
    "\ud800",
    "x".repeat(256),
    `${"d/".repeat(32)}f`,
  ])("%j is refused", (path) => {
    expect(withFile(path).success).toBe(false);
  });

  test("whatever is accepted stays inside the workspace", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        if (!withFile(path).success) return;
        expect(posix.join("/workspace", path)).toBe(`/workspace/${path}`);
      }),
    );
  });

  test("a file that another path needs as a folder is found", () => {
    expect(pathConflict(["a", "a/b"])).toBe("a");
    expect(pathConflict(["x/a/b", "x/a"])).toBe("x/a");
    expect(pathConflict(["a", "ab", "b/a"])).toBeUndefined();
  });
});

describe("an action", () => {
  test("carries text and bytes", () => {
    const { files } = actionSchema.parse({ code: "", files: { a: "é", b: { base64: "/w==" } } });
    expect(Object.values(files).map((file) => [...contentOf(file)])).toEqual([[0xc3, 0xa9], [0xff]]);
  });

  test.each([
    [{}],
    [{ code: 1 }],
    [{ code: "", language: "ruby" }],
    [{ code: "", env: { "A=B": "" } }],
    [{ code: "", env: { A: "\u0000" } }],
    [{ code: "", args: ["\u0000"] }],
    [{ code: "", files: { a: { base64: "*" } } }],
    [{ code: "", seed: -1 }],
    [{ code: "", limits: { wallMs: 1 } }],
    [{ code: "", limits: { inodes: 100 } }],
    [{ code: "", outputs: ["/workspace/a.txt"] }],
    [{ code: "", outputs: ["./a.txt"] }],
    [{ code: "", outputs: ["../a"] }],
    [{ code: "", unknown: 1 }],
  ])("%j is refused", (body) => {
    expect(actionSchema.safeParse(body).success).toBe(false);
  });
});

describe("what a session runs", () => {
  const issuesOf = (body: unknown) =>
    sessionActionSchema.safeParse(body).error?.issues.map(({ path, message }) => [path.join("."), message]);

  test.each([
    [{ code: "" }],
    [{ code: "1", fresh: true }],
    [{ argv: ["ls"] }],
    [{ shell: "ls | wc" }],
    [{ code: "input()", keepStdin: true, stdin: "x" }],
  ])("%j is accepted", (body) => {
    expect(issuesOf(body)).toBeUndefined();
  });

  test.each([
    [{}, "", "must have exactly one of code, argv and shell"],
    [{ code: "", argv: ["ls"] }, "", "must have exactly one of code, argv and shell"],
    [{ argv: ["ls"], shell: "ls" }, "", "must have exactly one of code, argv and shell"],
    [{ argv: ["ls"], fresh: true }, "fresh", "is for code only: argv and shell always are a new process"],
    [{ argv: ["\u0000"] }, "argv.0", "must not contain NUL"],
    [{ shell: "a\u0000b" }, "shell", "must not contain NUL"],
    [{ code: "\ud800" }, "code", "must not have lone surrogates"],
  ])("%j is refused in %j", (body, path, message) => {
    expect(issuesOf(body)).toContainEqual([path, message]);
  });

  test.each([
    [{ argv: [] }],
    [{ shell: "" }],
    [{ code: "", files: {} }],
    [{ code: "", seed: 1 }],
    [{ code: "", image: "a" }],
  ])("%j is refused", (body) => {
    expect(issuesOf(body)).toHaveLength(1);
  });
});
