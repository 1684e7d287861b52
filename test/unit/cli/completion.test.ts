import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { aFolder, run } from "./run-in-test.ts";

const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) scripts[shell] = (await run(["completion", shell])).stdout;
});

const has = (shell: string) => spawnSync(shell, ["-c", "true"]).status === 0;

/** What bash would offer for the last word. */
const complete = (...words: string[]): string[] => {
  const script = `${scripts["bash"]}
    compopt() { echo "files: $2"; }
    COMP_WORDS=(cloche "$@") COMP_CWORD=$#
    _cloche
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["--norc", "-uc", script, "bash", ...words], { encoding: "utf8" });
  return output.split("\n").filter((line) => line !== "");
};

describe("bash completion", () => {
  test("names of commands, and of those of a group", () => {
    expect(complete("")).toEqual(commands.map(({ name }) => name));
    expect(complete("st")).toEqual(["status"]);
    expect(complete("session", "e")).toEqual(["exec", "extend"]);
    expect(complete("--json", "--url", "run", "keys", "r")).toEqual(["revoke"]);
  });

  test("options of the command that was written, and of all", () => {
    expect(complete("run", "a.py", "--se")).toEqual(["--session", "--seed"]);
    expect(complete("session", "exec", "s", "x", "--sh")).toEqual(["--shell"]);
    expect(complete("ps", "--n")).toEqual(["--no-color"]);
    expect(complete("--k")).toEqual(["--key-file"]);
    expect(complete("ps", "--se")).toEqual(["--session"]);
  });

  test("values that are a choice", () => {
    expect(complete("ps", "--outcome", "m")).toEqual(["memory_limit"]);
    expect(complete("keys", "create", "--role", "a")).toEqual(["auditor", "admin"]);
    expect(complete("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(complete("run", "--image", "")).toEqual([]);
  });

  test("files where files are meant, and nowhere else", () => {
    for (const words of [
      ["run", "a"],
      ["cp", "a", "b"],
      ["run", "--stdin", ""],
      ["run", "a.py", "--", "x"],
    ]) {
      expect(complete(...words), words.join(" ")).toEqual(["files: default"]);
    }
    expect(complete("run", "--output-dir", "")).toEqual(["files: dirnames"]);
    expect(complete("session", "show", "")).toEqual([]);
    expect(complete("ps", "")).toEqual([]);
  });

  test("is registered, and real files are offered", () => {
    const folder = aFolder();
    mkdirSync(join(folder, "d"));
    writeFileSync(join(folder, "script.py"), "");
    const registered = execFileSync("bash", ["--norc", "-c", `${scripts["bash"]}\ncomplete -p cloche`], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(registered).toBe("complete -F _cloche cloche\n");
  });
});

describe("shells", () => {
  const checks: Record<string, string[]> = { bash: ["-n"], zsh: ["-n"], fish: ["-n", "/dev/stdin"] };
  const here = Object.keys(checks).filter(has);

  // bash is everywhere; of the others those that this machine has.
  test(`${here.join(", ")} take their scripts`, () => {
    expect(here).toContain("bash");
    for (const shell of here) {
      expect(spawnSync(shell, checks[shell] ?? [], { input: scripts[shell] }).status, shell).toBe(0);
    }
  });

  test("every command and option is in every script", () => {
    const all = commands.flatMap((item) => (item.kind === "command" ? [item] : [item, ...item.commands]));
    const options = all.flatMap((item) => (item.kind === "command" ? Object.keys(item.options) : []));
    for (const shell of ["bash", "zsh", "fish"]) {
      for (const { name } of all) expect(scripts[shell]).toContain(name);
      for (const name of options)
        expect(scripts[shell]).toContain(shell === "fish" ? `-l ${name}` : `--${name}`);
    }
  });

  test("what help says can't break a script: quotes are closed", () => {
    for (const shell of ["zsh", "fish"]) {
      const words = (scripts[shell] ?? "").replaceAll("'\\''", "");
      expect(words.split("'").length % 2, shell).toBe(1);
    }
  });
});
