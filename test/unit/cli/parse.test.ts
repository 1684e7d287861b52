import { describe, expect, test } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { UsageError } from "../../../src/cli/errors.ts";
import { parse } from "../../../src/cli/parse.ts";

const parsed = (...argv: string[]) => {
  const result = parse(argv, commands);
  if (result.kind !== "run") throw new Error(`it is ${result.kind}`);
  return { name: result.command.name, global: result.global, ...result.input };
};

describe("parse", () => {
  test("a command, its operands and options, and what stands behind --", () => {
    expect(
      parsed("run", "a.py", "--seed", "7", "--env", "A=1", "--env=B=2", "--", "--seed", "-x"),
    ).toMatchObject({
      name: "run",
      values: { seed: 7, env: ["A=1", "B=2"], image: undefined, fresh: false, output: [] },
      operands: { file: "a.py" },
      rest: ["--seed", "-x"],
    });
  });

  test("options of all commands stand anywhere, between the words of a command too", () => {
    const global = { json: true, url: "http://x" };
    for (const argv of [
      ["--json", "--url", "http://x", "session", "show", "s"],
      ["session", "--json", "show", "--url", "http://x", "s"],
      ["session", "show", "s", "--url=http://x", "--json"],
    ]) {
      expect(parsed(...argv)).toMatchObject({ name: "show", global, operands: { session: "s" } });
    }
  });

  test("- is an operand, an operand that may be left out is undefined, -- with nothing behind it is empty", () => {
    expect(parsed("session", "exec", "s", "-")).toMatchObject({ operands: { session: "s", code: "-" } });
    expect(parsed("session", "exec", "s", "--")).toMatchObject({ operands: { code: undefined }, rest: [] });
    expect(parsed("ps").rest).toBeUndefined();
  });

  test("an operand may have the name of a command", () => {
    expect(parsed("run", "session")).toMatchObject({ name: "run", operands: { file: "session" } });
  });

  test.each<[argv: string[], message: RegExp, command: string]>([
    [["rnu"], /no command "rnu"/, "cloche"],
    [["session"], /command is missing/, "cloche session"],
    [["session", "mak"], /no command "session mak"/, "cloche session"],
    [["--url", "x"], /command is missing/, "cloche"],
    [["run"], /FILE\|- is missing/, "cloche run"],
    [["run", "a", "b"], /"b" is more/, "cloche run"],
    [["run", "a", "--imge", "x"], /--imge/, "cloche run"],
    [["run", "a", "--image"], /--image/, "cloche run"],
    [["run", "a", "--image="], /--image must not be empty/, "cloche run"],
    [["run", "a", "--fresh=yes"], /--fresh/, "cloche run"],
    [["run", "a", "--timeout", "9"], /--timeout must be a whole number from 10, not "9"/, "cloche run"],
    [["run", "a", "--seed", "1e3"], /--seed/, "cloche run"],
    [["ps", "--limit", "0"], /--limit .* from 1 to 10000/, "cloche ps"],
    [["ps", "--outcome", "good"], /--outcome must be one of ok, exception/, "cloche ps"],
    [["ps", "--", "x"], /-- is not expected/, "cloche ps"],
    [["completion", "ksh"], /SHELL must be one of bash, zsh, fish/, "cloche completion"],
  ])("%j is refused by name", (argv, message, command) => {
    const error = (() => {
      try {
        return parse(argv, commands);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), command });
  });

  test("help wins over what is wrong, but not behind --", () => {
    expect(parse(["run", "--nonsense", "--help"], commands)).toMatchObject({
      kind: "help",
      topic: { path: ["run"] },
    });
    expect(parse(["session", "-h"], commands)).toMatchObject({ kind: "help", topic: { path: ["session"] } });
    expect(parse(["--help"], commands)).toEqual({ kind: "help", topic: undefined });
    expect(parsed("run", "a.py", "--", "--help").rest).toEqual(["--help"]);
  });

  test("--version is for the program alone", () => {
    expect(parse(["--version"], commands)).toEqual({ kind: "version" });
  });
});
