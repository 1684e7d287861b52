import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { isOwnDockerd, isProgram, readPidFile } from "../../../../scripts/engine/pid-file.ts";

const pidFile = "/home/u/cloche/.cloche/engine/dockerd.pid";

/** A /proc with one process, pid 7. */
const procOf =
  (...argv: string[]) =>
  (pid: number) =>
    pid === 7 ? argv : undefined;

describe("isOwnDockerd", () => {
  test.each<[name: string, argv: string[], own: boolean]>([
    [
      "the dockerd that carries our pid file",
      ["/usr/sbin/dockerd", `--pidfile=${pidFile}`, "--bridge=none"],
      true,
    ],
    ["the same with the flag in two words", ["dockerd", "--pidfile", pidFile], true],
    ["the dockerd of the system", ["/usr/bin/dockerd", "-H", "fd://"], false],
    ["the dockerd of another checkout", ["dockerd", "--pidfile=/other/.cloche/engine/dockerd.pid"], false],
    ["an editor with our pid file open", ["vim", "--pidfile", pidFile], false],
    ["the sudo that started it", ["sudo", "-n", "dockerd", `--pidfile=${pidFile}`], false],
    ["a zombie", [], false],
  ])("%s", (_name, argv, own) => {
    expect(isOwnDockerd(7, pidFile, procOf(...argv))).toBe(own);
  });

  test("a pid of no process is not it", () => {
    expect(isOwnDockerd(8, pidFile, procOf("dockerd", `--pidfile=${pidFile}`))).toBe(false);
  });
});

test("isProgram looks at the program's name, not at its arguments", () => {
  expect(isProgram(7, "dockerd", procOf("/usr/sbin/dockerd"))).toBe(true);
  expect(isProgram(7, "dockerd", procOf("grep", "dockerd"))).toBe(false);
});

describe("readPidFile", () => {
  test.each<[text: string, pid: number | undefined]>([
    ["123\n", 123],
    ["123", 123],
    ["", undefined],
    ["0", undefined],
    ["-1", undefined],
    ["12 34", undefined],
    ["pid", undefined],
  ])("%j reads as %s", (text, pid) => {
    const folder = mkdtempSync(join(tmpdir(), "cloche-pid-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "pid");
    writeFileSync(file, text);
    expect(readPidFile(file)).toBe(pid);
  });

  test("an absent file reads as no pid", () => expect(readPidFile("/nonexistent/pid")).toBeUndefined());
});
