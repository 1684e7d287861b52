import { describe, expect, test } from "vitest";
import { parseStartArgs, type StartOptions } from "../../../scripts/start-options.ts";

const defaults: StartOptions = { allowInstall: true, base: "auto" };

describe("parseStartArgs", () => {
  test.each<[argv: string[], options: StartOptions]>([
    [[], defaults],
    [["--no-install"], { ...defaults, allowInstall: false }],
    [["--no-auth"], { ...defaults, auth: false }],
    [["--base", "debian"], { ...defaults, base: "debian" }],
    [["--host=0.0.0.0", "--port=0"], { ...defaults, host: "0.0.0.0", port: 0 }],
    [["--port", "9000"], { ...defaults, port: 9000 }],
  ])("%j", (argv, options) => expect(parseStartArgs(argv)).toEqual({ kind: "start", options }));

  test.each<[argv: string[], message: RegExp]>([
    [["--prot", "1"], /--prot/],
    [["extra"], /extra/],
    [["--port"], /--port/],
    [["--port", "http"], /--port must be/],
    [["--port", "65536"], /--port must be/],
    [["--port", "-1"], /--port/],
    [["--host="], /--host/],
    [["--base", "alpine"], /--base must be one of auto, registry, debian/],
    [["--no-install=yes"], /--no-install/],
  ])("%j is refused by name", (argv, message) => {
    expect(parseStartArgs(argv)).toEqual({ kind: "invalid", message: expect.stringMatching(message) });
  });

  test("help wins over the rest", () => {
    expect(parseStartArgs(["--help", "--base", "alpine"])).toMatchObject({ kind: "help" });
  });

  test.each(["", "false"])("npm's own reading of a misplaced --no-install (%j) is honoured", (setting) => {
    expect(parseStartArgs([], setting)).toEqual({
      kind: "start",
      options: { ...defaults, allowInstall: false },
    });
  });
});
