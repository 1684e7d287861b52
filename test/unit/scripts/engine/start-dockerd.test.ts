import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultEngineSettings } from "../../../../scripts/engine/engine-settings.ts";
import { dockerdArgs } from "../../../../scripts/engine/start-dockerd.ts";

const pidFile = "/state/engine/dockerd.pid";
const runsc = "/nowhere/runsc";
const noConfig = { ...defaultEngineSettings, configFile: "/nowhere/daemon.json" };

test("a dockerd of ours touches neither bridges nor the firewall, and says nothing daemon.json could contradict", () => {
  expect(dockerdArgs({ pidFile, group: undefined, settings: noConfig, runsc })).toEqual([
    "--pidfile=/state/engine/dockerd.pid",
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
    "--live-restore",
  ]);
});

test("another socket and the user's own group are passed on", () => {
  const settings = { ...defaultEngineSettings, socketPath: "/tmp/x.sock" };
  expect(dockerdArgs({ pidFile, group: "ada", settings, runsc })).toEqual(
    expect.arrayContaining(["--host=unix:///tmp/x.sock", "--group=ada"]),
  );
});

test("what the machine's own configuration says of live-restore is left to it", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-daemon-"));
  const configFile = join(folder, "daemon.json");
  writeFileSync(configFile, '{"live-restore": false}');
  const args = dockerdArgs({
    pidFile,
    group: undefined,
    settings: { ...defaultEngineSettings, configFile },
    runsc,
  });
  expect(args).not.toContain("--live-restore");
  rmSync(folder, { recursive: true });
});

test("gVisor that was built is registered, but where the machine's own configuration has runtimes", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-daemon-"));
  const built = join(folder, "runsc");
  writeFileSync(built, "");
  const configFile = join(folder, "daemon.json");
  const args = (file: string) =>
    dockerdArgs({
      pidFile,
      group: undefined,
      settings: { ...defaultEngineSettings, configFile: file },
      runsc: built,
    });
  expect(args("/nowhere/daemon.json")).toContain(`--add-runtime=runsc=${built}`);
  writeFileSync(configFile, '{"runtimes": {}}');
  expect(args(configFile).join(" ")).not.toContain("--add-runtime");
  rmSync(folder, { recursive: true });
});
