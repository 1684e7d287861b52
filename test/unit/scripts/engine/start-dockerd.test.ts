import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultEngineSettings } from "../../../../scripts/engine/engine-settings.ts";
import { dockerdArgs } from "../../../../scripts/engine/start-dockerd.ts";

const pidFile = "/state/engine/dockerd.pid";
const noConfig = { ...defaultEngineSettings, configFile: "/nowhere/daemon.json" };

test("a dockerd of ours touches neither bridges nor the firewall, and says nothing daemon.json could contradict", () => {
  expect(dockerdArgs({ pidFile, group: undefined, settings: noConfig })).toEqual([
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
  expect(dockerdArgs({ pidFile, group: "ada", settings })).toEqual(
    expect.arrayContaining(["--host=unix:///tmp/x.sock", "--group=ada"]),
  );
});

test("what the machine's own configuration says of live-restore is left to it", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-daemon-"));
  const configFile = join(folder, "daemon.json");
  writeFileSync(configFile, '{"live-restore": false}');
  const args = dockerdArgs({ pidFile, group: undefined, settings: { ...defaultEngineSettings, configFile } });
  expect(args).not.toContain("--live-restore");
  rmSync(folder, { recursive: true });
});
