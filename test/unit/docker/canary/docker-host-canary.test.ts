import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { DockerHostCanary } from "../../../../src/docker/canary/docker-host-canary.ts";
import { hostProcesses } from "../../../../src/docker/canary/host-view.ts";
import type { SandboxTraces } from "../../../../src/engine/ports/host-canary.ts";

const notFound = () => Promise.reject(Object.assign(new Error("no such container"), { statusCode: 404 }));

/** Time that passes only where it is waited for. */
const eagerClock = () => {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    after: (ms: number, callback: () => void) => {
      now += ms;
      setImmediate(callback);
      return () => {};
    },
  };
};

const setUp = async (inspect: () => Promise<unknown> = notFound) => {
  const stateFolder = mkdtempSync(join(tmpdir(), "cloche-state-"));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  const docker = { getContainer: () => ({ inspect }) } as unknown as Pick<Dockerode, "getContainer">;
  const planted = await new DockerHostCanary({ docker, stateFolder, clock: eagerClock() }).plant();
  onTestFinished(() => planted[Symbol.asyncDispose]());
  const [folder = ""] = readdirSync(stateFolder);
  return { planted, stateFolder, file: join(stateFolder, folder, "secret") };
};

const traces = (change: Partial<SandboxTraces> = {}): SandboxTraces => ({
  containerId: "f".repeat(64),
  unseen: [],
  uid: 59_998,
  cgroups: [],
  mounts: [],
  ...change,
});

test("where nothing changed and nothing is left, it says what it compared", async () => {
  const { planted } = await setUp();
  const report = await planted.look([traces()]);
  expect(report).toEqual({
    ok: true,
    evidence: "2 planted files unchanged; 1 containers gone; no process, mount, cgroup or socket left",
  });
});

test("files hold random texts that are nowhere else, and go when the canary does", async () => {
  const { planted, file, stateFolder } = await setUp();
  const other = await setUp();
  expect(planted.tokens).toContain(readFileSync(file, "utf8").trim());
  expect(planted.tokens.some((token) => other.planted.tokens.includes(token))).toBe(false);
  await planted[Symbol.asyncDispose]();
  expect(existsSync(file)).toBe(false);
  expect(readdirSync(stateFolder)).toEqual([]);
});

test.each([
  ["was changed", (file: string) => writeFileSync(file, "x")],
  ["is gone", (file: string) => rmSync(file)],
])("a planted file that %s is noticed", async (_, change) => {
  const { planted, file } = await setUp();
  change(file);
  expect(await planted.look([])).toMatchObject({ ok: false, evidence: expect.stringContaining(file) });
});

test("a container that the engine still has is noticed", async () => {
  const { planted } = await setUp(() => Promise.resolve({}));
  expect(await planted.look([traces()])).toEqual({
    ok: false,
    evidence: "the engine still has ffffffffffff",
  });
});

test("a process of its user, a process for its container, a cgroup and a mount are noticed", async () => {
  const { planted } = await setUp();
  const containerId = `canary-test-${process.pid}`;
  const left = spawn("sh", ["-c", "read line", containerId], { stdio: ["pipe", "ignore", "ignore"] });
  onTestFinished(() => void left.kill("SIGKILL"));
  while (!hostProcesses().some(({ command }) => command.includes(containerId)))
    await new Promise((resolve) => setImmediate(resolve));
  const report = await planted.look([traces({ containerId, cgroups: [tmpdir()], mounts: ["/proc"] })]);
  expect(report.ok).toBe(false);
  expect(report.evidence).toContain(`process ${left.pid} is left`);
  expect(report.evidence).toContain("a mount is left: /proc");
  expect(report.evidence).toContain(`a cgroup is left: ${tmpdir()}`);
});

test("root's processes are the host's own", async () => {
  const { planted } = await setUp();
  expect(await planted.look([traces({ uid: 0 })])).toMatchObject({ ok: true });
});

test("an engine on another machine is said to be one", async () => {
  const { planted } = await setUp(() =>
    Promise.resolve({ State: { Pid: process.pid }, Config: { User: "20000:20000" } }),
  );
  const elsewhere = await planted.trace("0".repeat(64));
  expect(elsewhere.unseen).toEqual([expect.stringContaining("not on this machine")]);
});
