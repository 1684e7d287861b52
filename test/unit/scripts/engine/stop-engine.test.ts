import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stopEngine } from "../../../../scripts/engine/stop-engine.ts";

let stateDir: string;
let lines: string[];
const log = (line: string) => void lines.push(line);

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "cloche-stop-"));
  lines = [];
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

test("an engine that Cloche did not start is left alone", async () => {
  expect(await stopEngine({ stateDir, log })).toBe(false);
  expect(lines).toEqual(["engine was not started by Cloche; nothing to stop"]);
});

test("a pid file that names a foreign process is removed and the process lives", async () => {
  const pidFile = join(stateDir, "engine", "dockerd.pid");
  mkdirSync(join(stateDir, "engine"));
  // This very process: were it signalled, there would be no test result.
  writeFileSync(pidFile, `${process.pid}`);
  expect(await stopEngine({ stateDir, log })).toBe(false);
  expect(existsSync(pidFile)).toBe(false);
  expect(lines).toEqual([expect.stringContaining("stale pid file")]);
});
