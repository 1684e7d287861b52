import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadBattery, parseAttempt } from "../../../../src/engine/proofs/load-battery.ts";

const head = (lines: string[] = []) =>
  `${[
    "# ---",
    "# id: 7",
    "# name: open-door",
    "# title: Open a door",
    "# class: files",
    "# techniques: [T1611]",
    "# defences: [landlock]",
    "# control:",
    "#   without: [landlock]",
    ...lines,
    "# ---",
  ].join("\n")}\nprint(1)\n`;

describe("a file of the battery", () => {
  test("is a head in comments and the program, which is the whole file", () => {
    const program = head();
    const attempt = parseAttempt("007-open-door.py", program);
    expect(attempt.program).toBe(program);
    expect(attempt.head).toMatchObject({
      id: 7,
      steps: 1,
      order: "next",
      control: { without: ["landlock"] },
    });
  });

  test.each([
    ["without a head", "x.py", "print(1)\n", "must begin with a head"],
    ["with an unknown field", "007-open-door.py", head(["# why: because"]), "why"],
    [
      "with an unknown control",
      "007-open-door.py",
      head().replace("without: [landlock]", "without: [magic]"),
      "control",
    ],
    ["under another name", "008-open-door.py", head(), "must be called 007-open-door.py"],
  ])("is refused %s", (_, file, program, message) => {
    expect(() => parseAttempt(file, program)).toThrow(message);
  });

  test("is refused where another one has its id, and all that is wrong is told at once", () => {
    const folder = mkdtempSync(join(tmpdir(), "cloche-battery-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "007-open-door.py"), head());
    writeFileSync(join(folder, "007-open-window.py"), head().replace("open-door", "open-window"));
    writeFileSync(join(folder, "009-nothing.py"), "");
    expect(() => loadBattery(folder)).toThrow(
      /009-nothing.*; open-window: its id or name is that of open-door/,
    );
  });
});
