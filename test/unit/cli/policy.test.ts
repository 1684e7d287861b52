import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lintRules } from "../../../src/policies/lint/rules.ts";
import { aPolicyFolder, childText, shippedText } from "../../support/policy-folder.ts";
import { sarifErrors } from "../../support/sarif/sarif-errors.ts";
import { root } from "../docs/documents.ts";
import { run } from "./run-in-test.ts";

const policy = (...argv: string[]) => run(["policy", ...argv], { cwd: root });

describe("cloche policy lint", () => {
  test("has nothing to say against what ships, and needs no service", async () => {
    const { code, stdout } = await policy("lint");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\d+ policies: 0 errors, 0 warnings, \d+ notes, \d+ answered\n$/);
    expect(stdout).toContain("because the sandbox is the boundary");
  });

  test("points at the comment that answers, and counts one as one", async () => {
    const { stdout } = await policy("lint", "rl-cell");
    expect(stdout).toMatch(/answered CLP042 \[rl-cell\] .*\n.* \(policies\/rl-cell\.yaml:\d+\)\n/);
    expect(stdout).toMatch(/^policies\/rl-cell\.yaml:\d+: answered CLP042/m);
    expect((await policy("lint", "strict")).stdout).toContain("1 policy: 0 errors, 0 warnings, 1 note,");
  });

  test("ends with 1 for a warning, and says where, what and what to do", async () => {
    const dir = aPolicyFolder({ "child.yaml": childText("child", "limits: {processes: 2000}") });
    const { code, stdout } = await policy("lint", "child", "--dir", dir);
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${dir}/child.yaml:4: warning CLP040 [child] limits.processes: 2000 is more than 1024`,
    );
    expect(stdout).toContain(lintRules.find(({ id }) => id === "CLP040")?.remedy);
  });

  test("ends with 2 for files that are no policies, and names all that is wrong", async () => {
    const dir = aPolicyFolder({
      "default.yaml": shippedText("default.yaml").replace("wallMs: 30000", "wallMs: x\n  foo: 1"),
    });
    const { code, stdout, stderr } = await policy("lint", "--dir", dir);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("limits.wallMs: ");
    expect(stderr).toContain("limits.foo: there is no such field");
    const json = await policy("lint", "--dir", dir, "--json");
    expect(JSON.parse(json.stderr).error).toMatchObject({
      code: "invalid_input",
      details: [{}, {}].map(() => expect.any(String)),
    });
  });

  test("prints JSON and SARIF", async () => {
    for (const argv of [["--json"], ["--format", "json"]]) {
      const { items } = JSON.parse((await policy("lint", ...argv)).stdout);
      expect(items.length).toBeGreaterThan(5);
    }
    const sarif = JSON.parse((await policy("lint", "--format", "sarif")).stdout);
    expect(sarifErrors(sarif)).toEqual([]);
    expect(sarif.runs[0].results.length).toBeGreaterThan(5);
  });

  test.each([
    [["lint", "nobody"]],
    [["lint", "--dir", "nowhere"]],
    [["lint", "--format", "xml"]],
    [["lint", "a/b.yaml"]],
  ])("%j is wrong use", async (argv) => {
    expect((await policy(...argv)).code).toBe(2);
  });
});

describe("cloche policy explain", () => {
  test.each([
    [["--connect", "1.2.3.4:443"], 1, "denied: 1.2.3.4:443 can't be reached"],
    [["--write", "/tmp/x"], 0, "allowed: /tmp/x may be written to"],
    [["--syscall", "socket", "--arg", "0=0x26"], 1, "denied: socket is denied"],
    [["--syscall", "socket", "--arg", "0=1", "--arg", "2=0"], 0, "allowed: socket is allowed"],
    [["--limit", "wallMs=60000"], 1, "denied: an action can't set wallMs to 60000"],
    [["--env", "PATH"], 0, "allowed: an action may set PATH"],
    [["--image", "python"], 0, "allowed: python may run"],
    [["--grant", "github"], 1, "denied: github can't be asked for"],
    [["--exec", "/tmp/x"], 1, "denied: /tmp/x can't be executed"],
    [["--read", "/etc/hosts"], 0, "allowed: /etc/hosts may be read as far as Landlock and mounts go"],
  ])("%j ends with %d", async (argv, code, says) => {
    const ended = await policy("explain", "default", ...argv);
    expect(ended.code).toBe(code);
    expect(ended.stdout.split("\n")[0]).toBe(says);
    expect(ended.stdout).toMatch(/policies\/(default|seccomp\/std)\.yaml:\d+/);
  });

  test.each([
    [[]],
    [["--env", "A", "--read", "/x"]],
    [["--read", "x"]],
    [["--connect", "1.2.3.4"]],
    [["--syscall", "socket", "--arg", "6=1"]],
    [["--env", "A", "--arg", "0=1"]],
    [["--limit", "wallMs=soon"]],
  ])("%j is wrong use", async (argv) => {
    expect((await policy("explain", "default", ...argv)).code).toBe(2);
  });

  test.each([
    [["--connect", "localhost"], '--connect must be HOST:PORT, not "localhost"'],
    [["--limit", "wallMs=soon"], "--limit must be NAME or NAME=VALUE"],
    [["--syscall", "ptrcae"], "there is no system call ptrcae; the nearest is ptrace"],
  ])("%j: what was expected is said", async (argv, expected) => {
    const { code, stderr } = await policy("explain", "default", ...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });
});

describe("cloche policy diff", () => {
  test("ends with 1 where something is loosened, and with 0 the other way", async () => {
    const loosened = await policy("diff", "strict", "default");
    expect(loosened.code).toBe(1);
    expect(loosened.stdout).toContain("  loosens limits.wallMs: up from 10000 to 30000");
    const tightened = await policy("diff", "default", "policies/strict.yaml");
    expect(tightened.code).toBe(0);
    expect(tightened.stdout).toContain("  tightens require: landlock is required");
    expect((await policy("diff", "default", "default")).stdout).toContain("no difference");
  });

  test("compares with the folder of another day, with what is new and what is gone", async () => {
    const dir = aPolicyFolder({
      "default.yaml": shippedText("default.yaml").replace("wallMs: 30000", "wallMs: 20000"),
      "gone.yaml": childText("gone", ""),
    });
    const { code, stdout } = await policy("diff", "--against", dir, "--json");
    expect(code).toBe(1);
    const { items } = JSON.parse(stdout);
    const of = (name: string) =>
      items.find(({ before, after }: { before: string; after: string }) =>
        `${before} ${after}`.includes(name),
      );
    expect(of("default.yaml").changes).toEqual([
      { direction: "loosens", field: "limits.wallMs", says: "up from 20000 to 30000" },
    ]);
    expect(of("gone.yaml")).toMatchObject({ after: null, changes: [{ direction: "tightens" }] });
    const back = await policy("diff", "gone", "--dir", dir, "--against", join(root, "policies"));
    expect(back.code).toBe(1);
    expect(back.stdout).toContain("loosens name: gone is new");
    expect((await policy("diff", "strict", "--against", "policies")).code).toBe(0);
  });

  test.each([
    [["default"]],
    [[]],
    [["default", "strict", "--against", "policies"]],
    [["nobody", "--against", "policies"]],
  ])("%j is wrong use", async (argv) => {
    expect((await policy("diff", ...argv)).code).toBe(2);
  });
});

describe("cloche policy show", () => {
  test("prints every field with where it was said", async () => {
    const { code, stdout } = await policy("show", "strict");
    expect(code).toBe(0);
    expect(stdout).toMatch(/wallMs: 10000 +# policies\/strict\.yaml:\d+/);
    expect(stdout).toMatch(/cpus: 1 +# policies\/default\.yaml:\d+/);
  });

  test("prints JSON with all of it", async () => {
    const { policy: shown, lineage, origins } = JSON.parse((await policy("show", "strict", "--json")).stdout);
    expect(shown.name).toBe("strict");
    expect(lineage).toEqual(["strict", "default"]);
    expect(origins["limits.wallMs"]).toMatch(/^policies\/strict\.yaml:/);
  });
});
