import { describe, expect, test } from "vitest";
import { type EngineFacts, type EnginePlan, planEngine } from "../../../../scripts/engine/engine-plan.ts";

const socket = "unix:///var/run/docker.sock";
const rootless = "unix:///run/user/1000/docker.sock";

/** A fresh Debian machine without systemd, used by root: nothing installed, everything allowed. */
const fresh: EngineFacts = {
  dockerHostEnv: undefined,
  probes: [{ state: "silent", dockerHost: socket, reason: "connect ENOENT" }],
  runningPid: undefined,
  dockerdInstalled: false,
  systemdUnit: false,
  osIds: ["debian"],
  isRoot: true,
  canSudo: false,
  allowInstall: true,
  needsApparmor: false,
};
const installed: EngineFacts = { ...fresh, dockerdInstalled: true };
const ordinaryUser = { isRoot: false, canSudo: false };
const sudoUser = { isRoot: false, canSudo: true };

const decided: [name: string, facts: EngineFacts, plan: EnginePlan][] = [
  [
    "an engine on the usual socket is used",
    { ...fresh, probes: [{ state: "answers", dockerHost: socket }] },
    { action: "use", dockerHost: socket },
  ],
  [
    "a rootless engine is used where the system's is closed to this user",
    {
      ...fresh,
      probes: [
        { state: "denied", dockerHost: socket },
        { state: "answers", dockerHost: rootless },
      ],
    },
    { action: "use", dockerHost: rootless },
  ],
  [
    "an engine at DOCKER_HOST is used",
    { ...fresh, dockerHostEnv: "tcp://x:1", probes: [{ state: "answers", dockerHost: "tcp://x:1" }] },
    { action: "use", dockerHost: "tcp://x:1" },
  ],
  ["a dockerd on its way up is waited for", { ...installed, runningPid: 42 }, { action: "wait", pid: 42 }],
  ["an installed dockerd is started by us", installed, { action: "start_own" }],
  ["so it is through sudo", { ...installed, ...sudoUser }, { action: "start_own" }],
  ["with systemd, systemd starts it", { ...installed, systemdUnit: true }, { action: "start_systemd" }],
  [
    "--no-install does not forbid starting what is installed",
    { ...installed, allowInstall: false },
    { action: "start_own" },
  ],
  ["a fresh Debian gets docker.io", fresh, { action: "install_then_start", packages: ["docker.io"] }],
  [
    "so does a derivative, through sudo",
    { ...fresh, ...sudoUser, osIds: ["linuxmint", "ubuntu", "debian"] },
    { action: "install_then_start", packages: ["docker.io"] },
  ],
  [
    "a kernel with AppArmor needs its parser too",
    { ...fresh, needsApparmor: true },
    { action: "install_then_start", packages: ["docker.io", "apparmor"] },
  ],
];

const refused: [name: string, facts: EngineFacts, reason: RegExp][] = [
  [
    "a DOCKER_HOST that does not answer is an error, even where another engine could be had",
    {
      ...installed,
      dockerHostEnv: "unix:///nope",
      probes: [{ state: "silent", dockerHost: "unix:///nope", reason: "connect ENOENT /nope" }],
    },
    /DOCKER_HOST is unix:\/\/\/nope.*connect ENOENT \/nope/,
  ],
  [
    "a DOCKER_HOST closed to this user is an error as well",
    {
      ...fresh,
      dockerHostEnv: "unix:///shut",
      probes: [{ state: "denied", dockerHost: "unix:///shut" }],
    },
    /permission denied/,
  ],
  [
    "a socket closed to this user names the group to join",
    { ...installed, ...ordinaryUser, probes: [{ state: "denied", dockerHost: socket }] },
    /usermod -aG docker/,
  ],
  [
    "without rights, starting is left to the user",
    { ...installed, ...ordinaryUser, systemdUnit: true },
    /sudo -v.*systemctl start docker/,
  ],
  [
    "without rights, installing is left to the user",
    { ...fresh, ...ordinaryUser },
    /sudo -v.*apt-get install -y --no-install-recommends docker\.io/,
  ],
  [
    "--no-install says what is missing",
    { ...fresh, allowInstall: false },
    /--no-install.*apt-get update && apt-get install/,
  ],
  [
    "other systems are told what to install",
    { ...fresh, osIds: ["fedora"] },
    /Debian and Ubuntu \(this is fedora\)/,
  ],
];

describe("planEngine", () => {
  test.each(decided)("%s", (_name, facts, plan) => expect(planEngine(facts)).toEqual(plan));

  test.each(refused)("refuses: %s", (_name, facts, reason) => {
    expect(planEngine(facts)).toEqual({ action: "refuse", reason: expect.stringMatching(reason) });
  });
});
