import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import { commands } from "../../../src/cli/commands.ts";
import { run } from "./run-in-test.ts";

const all = commands.flatMap((item) =>
  item.kind === "command"
    ? [[item.name]]
    : [[item.name], ...item.commands.map(({ name }) => [item.name, name])],
);

describe("help", () => {
  test.each(all.map((path) => path.join(" ")))(
    "cloche %s --help says what it is for, on standard output",
    async (path) => {
      const { code, stdout, stderr } = await run([...path.split(" "), "--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^Usage: cloche ${path}\\b`));
      expect(stdout).toContain("--json");
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
    },
  );

  test("no command: help on standard error, and the exit code of a wrong command line", async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const { name } of commands) expect(stderr).toContain(name);
  });

  test("a wrong command line names what is wrong, and where to read more", async () => {
    const { code, stderr } = await run(["session", "exec"]);
    expect(code).toBe(2);
    expect(stderr).toBe("cloche: SESSION is missing\nSee: cloche session exec --help\n");
  });

  test("--version", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: `cloche ${packageJson.version}\n` });
  });

  test("docs/cli.md has every command and every option", () => {
    const text = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");
    for (const path of all) expect(text).toContain(`cloche ${path.join(" ")}`);
    const options = commands.flatMap((item) => (item.kind === "command" ? [item] : item.commands));
    for (const name of options.flatMap((command) => Object.keys(command.options)))
      expect(text).toContain(`--${name}`);
  });
});
