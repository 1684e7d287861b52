import { expect, test } from "vitest";
import { defaultEngineSettings } from "../../../../scripts/engine/engine-settings.ts";
import { dockerdArgs } from "../../../../scripts/engine/start-dockerd.ts";

const pidFile = "/state/engine/dockerd.pid";

test("a dockerd of ours touches neither bridges nor the firewall, and says nothing daemon.json could contradict", () => {
  expect(dockerdArgs({ pidFile, group: undefined, settings: defaultEngineSettings })).toEqual([
    "--pidfile=/state/engine/dockerd.pid",
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
  ]);
});

test("another socket and the user's own group are passed on", () => {
  const settings = { ...defaultEngineSettings, socketPath: "/tmp/x.sock" };
  expect(dockerdArgs({ pidFile, group: "ada", settings })).toEqual(
    expect.arrayContaining(["--host=unix:///tmp/x.sock", "--group=ada"]),
  );
});
