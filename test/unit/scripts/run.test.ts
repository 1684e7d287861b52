import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** A checkout with the real run.mjs, one locked package, and an npm that only writes down what it would leave. */
let checkout: string;
const lock = (version: string, extra: object = {}) =>
  JSON.stringify({
    packages: { "": {}, "node_modules/a": { version, integrity: `sha-${version}` }, ...extra },
  });

const fakeNpm = `
const { appendFileSync, existsSync, mkdirSync, writeFileSync, readFileSync } = require("node:fs");
appendFileSync("npm-calls", process.argv.slice(2).join(" ") + "\\n");
if (existsSync("npm-fails")) { console.error("E404 no such package"); process.exit(3); }
mkdirSync("node_modules", { recursive: true });
setTimeout(() => writeFileSync("node_modules/.package-lock.json", readFileSync("package-lock.json")), 200);
`;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "cloche-run-"));
  mkdirSync(join(checkout, "scripts/tasks"), { recursive: true });
  cpSync(join(import.meta.dirname, "../../../scripts/run.mjs"), join(checkout, "scripts/run.mjs"));
  write("package-lock.json", lock("1.0.0"));
  write("npm.js", fakeNpm);
  write(
    "scripts/tasks/echo.ts",
    "const args: string[] = process.argv.slice(2);\nconsole.log(JSON.stringify(args));",
  );
  write("scripts/tasks/exit.ts", "process.exitCode = Number(process.argv[2]);");
  write(
    "scripts/tasks/wait.ts",
    `for (const s of ["SIGINT", "SIGTERM"]) process.on(s, () => { console.log(s); process.exit(s === "SIGINT" ? 12 : 15); });
setInterval(() => {}, 1000); console.log("ready");`,
  );
  write("scripts/tasks/die.ts", 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);');
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function write(path: string, text: string): void {
  writeFileSync(join(checkout, path), text);
}

function npmCalls(): string[] {
  const file = join(checkout, "npm-calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

const options = () => ({
  cwd: tmpdir(),
  env: { PATH: "/usr/bin:/bin", npm_execpath: join(checkout, "npm.js") },
});
const commandLine = (args: string[]) => [join(checkout, "scripts/run.mjs"), ...args];

type Ended = { code: number | string; stdout: string; stderr: string };

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, commandLine(args), options(), (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.signal ?? error.code ?? "?"), stdout, stderr }),
    );
  });
}

async function startWaiting(): Promise<{ child: ChildProcess; output: () => string }> {
  const child = spawn(process.execPath, commandLine(["wait"]), {
    ...options(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  while (!output.includes("ready")) await once(child.stdout, "data");
  return { child, output: () => output };
}

describe("dependencies", () => {
  test("are installed once, with the flags a production setting would drop, and not again", async () => {
    const first = await run("echo", "--flag", "a b");
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("npm ci") });
    expect(first.stdout).toContain('["--flag","a b"]');
    const second = await run("echo");
    expect(second).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
    expect(npmCalls()).toEqual(["ci --include=dev --include=optional --no-audit --no-fund"]);
  });

  test("are installed again when the lock names another version", async () => {
    await run("echo");
    write("package-lock.json", lock("2.0.0"));
    await run("echo");
    expect(npmCalls()).toHaveLength(2);
  });

  test("may lack an optional package, for instance of another platform, but no other", async () => {
    await run("echo");
    write("package-lock.json", lock("1.0.0", { "node_modules/b": { version: "1.0.0", optional: true } }));
    await run("echo");
    expect(npmCalls()).toHaveLength(1);
    write("package-lock.json", lock("1.0.0", { "node_modules/b": { version: "1.0.0" } }));
    await run("echo");
    expect(npmCalls()).toHaveLength(2);
  });

  test("are installed once by two runs at the same time", async () => {
    const both = await Promise.all([run("echo"), run("echo")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(npmCalls()).toHaveLength(1);
  });

  test("a lock left by a killed installation does not stop the next one", async () => {
    mkdirSync(join(checkout, ".cloche"));
    write(".cloche/npm-ci.lock", "999999999\n");
    expect(await run("echo")).toMatchObject({ code: 0 });
  });

  test("a failing npm ends the run and shows what npm said", async () => {
    write("npm-fails", "");
    expect(await run("echo")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("E404 no such package"),
    });
    rmSync(join(checkout, "npm-fails"));
    expect(await run("echo")).toMatchObject({ code: 0 });
  });
});

describe("the packaged Node", () => {
  const folder = () => `node_modules/node-${process.platform}-${process.arch}/bin`;

  /** As npm would leave it: the program in its package, and a link to it where npm run looks first. */
  function packageNode(script: string): void {
    mkdirSync(join(checkout, folder()), { recursive: true });
    mkdirSync(join(checkout, "node_modules/.bin"));
    write(`${folder()}/node`, script);
    chmodSync(join(checkout, folder(), "node"), 0o755);
    symlinkSync(join(checkout, folder(), "node"), join(checkout, "node_modules/.bin/node"));
    write("node_modules/.package-lock.json", lock("1.0.0"));
  }

  test("runs the tasks, and is the first Node that their tools find", async () => {
    packageNode(`#!/bin/sh\necho "packaged $0 $PATH"\n`);
    const { stdout } = await run("echo");
    expect(stdout).toContain(`packaged ${join(checkout, folder(), "node")} ${join(checkout, folder())}:`);
  });

  test("that cannot start here makes way for our own, if that is new enough", async () => {
    packageNode("#!/bin/sh\necho 'error while loading shared libraries' >&2; exit 127\n");
    expect(await run("echo", "on")).toEqual({ code: 0, stdout: '["on"]\n', stderr: "" });
    expect(existsSync(join(checkout, "node_modules/.bin/node"))).toBe(false);
  });
});

describe("tasks", () => {
  test("an unknown one is answered with the list, before anything is installed", async () => {
    expect(await run("strat")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("die, echo, exit, wait"),
    });
    expect(npmCalls()).toEqual([]);
  });

  test("their exit code is passed on", async () => {
    expect(await run("exit", "7")).toMatchObject({ code: 7 });
  });

  test("the signal that ended them is passed on", async () => {
    expect(await run("die")).toMatchObject({ code: "SIGKILL" });
  });

  test.each<["SIGINT" | "SIGTERM", number]>([
    ["SIGINT", 12],
    ["SIGTERM", 15],
  ])(
    "%s sent to the runner alone reaches them once, and the runner waits for their end",
    async (signal, exitCode) => {
      const { child, output } = await startWaiting();
      child.kill(signal);
      const [code] = await once(child, "close");
      expect(code).toBe(exitCode);
      expect(output().split(signal)).toHaveLength(2);
    },
  );
});
