/** What a policy asks of each cell, seen from inside one: on the real engine, below the service. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import { createSandboxId } from "../../src/domain/ids.ts";
import type { Image } from "../../src/domain/image.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { systemClock } from "../../src/system-clock.ts";
import { aPolicy, aRequest, policiesFolder } from "../support/builders.ts";
import { docker } from "../support/service.ts";

const runtime = new DockerRuntime({
  docker: docker(),
  instance: `confined-runs-${process.pid}`,
  policiesFolder,
  orphanMs: 60_000,
  clock: systemClock,
});

const make = async (change: Partial<Policy>) => {
  const image = (await runtime.images()).find(({ name }) => name === "python") as Image;
  const policy = aPolicy(change);
  const sandbox = await runtime.create({ id: createSandboxId(Date.now()), tenant: "t", image, policy });
  const run = async (code: string, mode: "script" | "cell" = "script") => {
    const request = aRequest({ mode, code: Buffer.from(code), limits: policy.limits, name: "<execution 1>" });
    const report = await sandbox.run(request, { signal: new AbortController().signal });
    return report.stderr.toString() + report.stdout.toString();
  };
  return { sandbox, run };
};

const once = async (code: string, change: Partial<Policy>) => {
  const { sandbox, run } = await make(change);
  try {
    return await run(code);
  } finally {
    await sandbox.destroy();
  }
};

const clocks = `
import datetime, os, pickle, subprocess, sys, time
print(time.time(), time.time_ns(), time.strftime("%F %T"), time.ctime(), time.gmtime().tm_yday)
now = datetime.datetime.now()
print(now, datetime.datetime.utcnow(), datetime.date.today(), datetime.datetime.now(datetime.UTC).isoformat())
print(type(now) is datetime.datetime, isinstance(now, datetime.date), pickle.loads(pickle.dumps(now)) == now)
print(time.gmtime(0).tm_year, datetime.date.fromtimestamp(0), time.strftime("%Y", time.gmtime(0)))
begun = time.monotonic()
time.sleep(0.05)
print(time.monotonic() - begun >= 0.05, time.perf_counter() > 0)`;
const still = `1709208000.25 1709208000250000000 2024-02-29 12:00:00 Thu Feb 29 12:00:00 2024 60
2024-02-29 12:00:00.250000 2024-02-29 12:00:00.250000 2024-02-29 2024-02-29T12:00:00.250000+00:00
True True True
1970 1970-01-01 1970
True True
`;
const determinism = { seed: null, hashSeed: 0, clock: "2024-02-29T12:00:00.250Z" };

describe("determinism", () => {
  test("clocks stand still at the policy's instant, and time goes on for what measures it", async () => {
    expect(await once(clocks, { determinism })).toBe(still);
  });

  test("in a session's interpreter too", async () => {
    const { sandbox, run } = await make({ determinism });
    await sandbox.openSession({ env: {}, seed: null });
    expect(await run(clocks, "cell")).toBe(still);
    await sandbox.destroy();
  });

  test("control: with a real clock they go on", async () => {
    const said = await once("import time, datetime\nprint(time.time(), datetime.datetime.now().year)", {});
    const [seconds, year] = said.split(" ").map(Number);
    expect(Math.abs((seconds ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(year).toBe(new Date().getUTCFullYear());
  });

  test("the hash seed is the policy's", async () => {
    const hashOf = async (hashSeed: number) =>
      await once("print(hash('a'))", { determinism: { ...determinism, hashSeed } });
    expect(await hashOf(1)).toBe(await hashOf(1));
    expect(await hashOf(1)).not.toBe(await hashOf(2));
  });
});

describe("the smallest tier", () => {
  const { rules: calls } = parse(readFileSync(join(policiesFolder, "seccomp", "strict.yaml"), "utf8"));

  test("is enough for a script, and none of its own calls is denied to the interpreter", async () => {
    const { sandbox } = await make({ calls });
    const code = "import json, random, sqlite3\nopen('a', 'w').write('x')\nprint(json.loads('[1]'))";
    const report = await sandbox.run(aRequest({ code: Buffer.from(code) }), {
      signal: new AbortController().signal,
    });
    await sandbox.destroy();
    expect(report.stdout.toString()).toBe("[1]\n");
    expect(report.end).toMatchObject({ evidence: { denied: { reportedBy: "launcher", total: 0 } } });
  });

  test("leaves the launcher all that it needs: sessions, values, stdin, files in every way", async () => {
    const { sandbox, run } = await make({ calls });
    await sandbox.openSession({ env: {}, seed: null });
    const { files } = sandbox;
    const content = (async function* () {
      yield Buffer.from("hello");
    })();
    await files.makeFolder("a/b");
    expect(await files.write("a/b/c.txt", content, 0o644)).toEqual({ created: true, bytes: 5 });
    expect((await files.list("", { recursive: true, max: 10 })).entries).toHaveLength(3);
    expect(
      await run("import os\nos.chmod('a/b', 0)\nprint(open('/etc/hosts').read() != 0)", "cell"),
    ).toContain("True");
    const { content: read } = await files.read("a/b/c.txt");
    let text = "";
    for await (const part of read) text += part;
    expect(text).toBe("hello");
    expect(await run("print(1)")).toBe("1\n");
    expect(await files.remove("a", { recursive: true })).toBe(3);
    await sandbox.destroy();
  });
});
