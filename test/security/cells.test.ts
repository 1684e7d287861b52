/** Between two cells of one container nothing is left, and where something is, the container serves nobody again. */
import { afterEach, describe, expect, test } from "vitest";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import { createSandboxId } from "../../src/domain/ids.ts";
import type { Policy } from "../../src/domain/policy.ts";
import type { SandboxContainer } from "../../src/engine/ports/runtime.ts";
import { systemClock } from "../../src/system-clock.ts";
import { aPolicy, aRequest, policiesFolder } from "../support/builders.ts";
import { docker } from "../support/service.ts";

const made: SandboxContainer[] = [];
afterEach(async () => {
  await Promise.all(made.splice(0).map((container) => container.destroy()));
});

const host = async (change: Partial<Policy> = {}) => {
  const clock = systemClock;
  const runtime = new DockerRuntime({
    docker: docker(),
    instance: "cells-test",
    policiesFolder,
    orphanMs: 60_000,
    clock,
  });
  const image = (await runtime.images()).find(({ name }) => name === "python");
  if (!image) throw new Error("image python is not built");
  const policy = aPolicy({ isolation: { tier: "cell", runtime: "runc", cells: 100 }, ...change });
  const container = await runtime.create({ id: createSandboxId(Date.now()), tenant: "t", image, policy });
  made.push(container);
  let runs = 0;
  const run = async (code: string) => {
    runs += 1;
    const request = aRequest({ id: `exe_${runs}`, code: Buffer.from(code), limits: policy.limits });
    const report = await container.run(request, { signal: new AbortController().signal });
    const { end } = report;
    if (end.kind !== "launcher") throw new Error(`the run was lost: ${JSON.stringify(end)}`);
    return { stdout: report.stdout.toString(), stderr: report.stderr.toString(), evidence: end.evidence };
  };
  return { container, run, wipe: () => container.wipe() };
};

/** Everything that a cell can see of the state of its sandbox, but for what differs by itself. */
const look = `
import json, os, resource, stat
def places():
    for top in ("/workspace", "/tmp", "/dev/shm"):
        for folder, folders, files in os.walk(top):
            facts = os.lstat(folder)
            yield folder, stat.S_IMODE(facts.st_mode), os.listxattr(folder)
            for name in files:
                yield os.path.join(folder, name), open(os.path.join(folder, name)).read() if name == "action.py" else None
        free = os.statvfs(top)
        yield top, free.f_ffree
def table(path):
    try: return len(open(path).read().splitlines())
    except FileNotFoundError: return None
print(json.dumps({
    "places": sorted(map(repr, places())),
    "processes": len([pid for pid in os.listdir("/proc") if pid.isdigit()]),
    "sockets": {name: table(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6", "raw", "packet")},
    "names": [line for line in open("/proc/net/unix").read().splitlines()[1:] if len(line.split()) > 7],
    "queues": {name: table(f"/proc/sysvipc/{name}") for name in ("msg", "sem", "shm")},
    "environment": dict(os.environ),
    "limits": {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_") and name != "RLIMIT_LOCKS"},
    "descriptors": sorted(os.listdir("/proc/self/fd")),
    "mask": os.umask(0o22), "nice": os.nice(0), "cpus": len(os.sched_getaffinity(0)),
    "hidden": [name for name in ("CANARY",) if name in globals() or hasattr(os, name)],
}, sort_keys=True))
`;

/** Leaves something wherever it can. */
const leave = `
import builtins, os, random, socket
os.CANARY = builtins.CANARY = 1
os.environ["CANARY"] = "1"
for top in ("/workspace", "/tmp", "/dev/shm", "/var/tmp", "/run", "/usr/lib", "/opt", "/etc", "/root", "/home", "/dev", "/proc/self", "/sys/fs/cgroup", "/"):
    for name in ("canary", ".canary", "canary\\udcff", "x" * 255):
        try: open(os.path.join(top, name), "w").write("canary")
        except OSError: pass
    try: os.mkdir(os.path.join(top, "folder"), 0o000)
    except OSError: pass
deep = "/workspace"
for _ in range(300):
    deep += "/d"
    os.mkdir(deep)
os.mkfifo("/tmp/pipe"); os.symlink("/etc/passwd", "/tmp/link"); os.link("/tmp/canary", "/tmp/second")
os.chmod("/workspace", 0o000); os.chmod("/tmp", 0o700); os.chmod("/dev/shm", 0o000)
named = socket.socket(socket.AF_UNIX); named.bind("\\0canary")
listener = socket.create_server(("127.0.0.1", 4444)); listener6 = socket.create_server(("::1", 4444), family=socket.AF_INET6)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.bind(("127.0.0.1", 4445))
os.nice(5); os.umask(0o777)
random.seed(1)
print("left")
`;

describe("between two cells", () => {
  test("what one left everywhere, the next cannot find: it sees what the first of a new container sees", async () => {
    const fresh = await host();
    const first = (await fresh.run(look)).stdout;
    expect(JSON.parse(first)).toMatchObject({ hidden: [] });
    const used = await host();
    expect((await used.run(leave)).stdout).toBe("left\n");
    expect(await used.wipe()).toEqual({ residue: [] });
    const second = JSON.parse((await used.run(look)).stdout);
    expect(second).toEqual(JSON.parse(first));
    expect(await used.wipe()).toEqual({ residue: [] });
    // Nor when something was last written there.
    const times = await used.run("import os; print([os.stat(p).st_mtime for p in ('/tmp', '/dev/shm')])");
    expect(times.stdout).toBe("[0.0, 0.0]\n");
  });

  test("control: without the wipe it would find it", async () => {
    const used = await host();
    const found = (await used.run(`${leave}\nos.chmod("/workspace", 0o700); os.umask(0o22)\n${look}`)).stdout;
    expect(found).toContain("canary");
  });

  test("nothing of what one was sent, said or read is in the memory of the next", async () => {
    // The words are put together at run time, so that no program's own text is one.
    const search = `
import ctypes, re
found = 0
for line in open("/proc/self/maps"):
    area, rights, _, _, _, *name = line.split()
    if rights.startswith("r") and not (name and name[0].startswith(("[v", "/dev/"))):
        begin, end = (int(part, 16) for part in area.split("-"))
        found += len(re.findall(b"wo" + b"rd-[0-9]{9}", (ctypes.c_char * (end - begin)).from_address(begin)))
print(found)`;
    const used = await host();
    const say =
      'import sys\nfor n in range(2000): print(f"wo" f"rd-{n:09d}", file=(sys.stdout, sys.stderr)[n % 2])';
    expect((await used.run(say)).stdout).toContain("word-000000000");
    expect(await used.wipe()).toEqual({ residue: [] });
    expect((await used.run(search)).stdout).toBe("0\n");
    // Control: it is found where it is.
    expect(await used.wipe()).toEqual({ residue: [] });
    const there = await used.run(`kept = [f"wo" f"rd-{n:09d}".encode() for n in range(10)]${search}`);
    expect(Number(there.stdout)).toBeGreaterThan(9);
  });

  test("processes that one leaves behind end, and so does the use of the container", async () => {
    const used = await host();
    const daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(60)\nprint('left')";
    const { evidence, stdout } = await used.run(daemon);
    expect([stdout, evidence.stragglers]).toEqual(["left\n", 1]);
    expect((await used.wipe()).residue).toEqual(["no next cell: what cells are forked from is gone"]);
  });

  test("a connection that only waits for its end keeps the container from being used again", async () => {
    const used = await host();
    await used.run(`
import socket
server = socket.create_server(("127.0.0.1", 4444))
client = socket.create_connection(("127.0.0.1", 4444))
other, _ = server.accept()
client.close(); other.close()
print(open("/proc/net/tcp").read())`);
    const { residue } = await used.wipe();
    expect(residue).toEqual(["sockets of tcp"]);
    await expect(used.run("print(1)")).rejects.toThrow("a sandbox runs once");
  });

  test("more files than anybody should wait for keep it from being used again", async () => {
    const { limits } = aPolicy();
    const used = await host({ limits: { ...limits, inodes: 60_000 } });
    const { evidence } = await used.run("for n in range(25_000): open(f'/tmp/{n}', 'w')");
    expect(evidence.exitCode).toBe(0);
    expect((await used.wipe()).residue.join()).toContain("more than 20000 entries");
  });

  test("a cell has a process and an interpreter of its own: what one changes is not there in the next", async () => {
    const used = await host();
    const code = "import os, sys; print(os.getpid(), getattr(sys, 'seen', None)); sys.seen = 1";
    const pids: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { stdout } = await used.run(code);
      const [pid, seen] = stdout.trim().split(" ");
      expect(seen).toBe("None");
      pids.push(pid ?? "");
      expect(await used.wipe()).toEqual({ residue: [] });
    }
    expect(new Set(pids).size).toBe(5);
  });

  test("random numbers of two cells differ", async () => {
    const used = await host();
    const one = await used.run("import random; print(random.random())");
    await used.wipe();
    const two = await used.run("import random; print(random.random())");
    expect(one.stdout).not.toBe(two.stdout);
  });

  test("a container of tier container is never wiped", async () => {
    const used = await host({ isolation: { tier: "container", runtime: "runc", cells: 1 } });
    await used.run("print(1)");
    await expect(used.wipe()).rejects.toThrow("only a sandbox that ran a cell");
    await expect(used.run("print(1)")).rejects.toThrow("a sandbox runs once");
  });
});
