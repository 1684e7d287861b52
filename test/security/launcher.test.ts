/** Attempts on the launcher: the one process in a sandbox that is trusted. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

describe("the launcher", () => {
  test("no signal from the code it runs reaches it", async () => {
    const code = `
import os, signal
results = set()
for number in range(1, 65):
    try:
        os.kill(1, number)
        results.add("sent")
    except OSError as error:
        results.add(type(error).__name__)
print(results, os.getppid())`;
    const observation = await service.run(code);
    expect(observation.outcome).toBe("ok");
    expect(observation.stdout).toMatch(/^\{'PermissionError'\} 1\n$|^\{'sent'\} 1\n$/);
  });

  test.each([
    ["its limits", "resource.prlimit(1, resource.RLIMIT_AS, (4096, 4096))"],
    ["its limits, only to read", "resource.prlimit(1, resource.RLIMIT_AS)"],
    ["its priority", "os.setpriority(os.PRIO_PROCESS, 1, 19)"],
    ["the priority of its whole user", "os.setpriority(os.PRIO_USER, 0, 19)"],
    ["its cores", "os.sched_setaffinity(1, {0})"],
    ["its scheduler", "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))"],
    ["its session", "os.setpgid(1, 1)"],
    ["its memory", "open('/proc/1/mem', 'r+b')"],
    ["its badness when out of memory", "open('/proc/1/oom_score_adj', 'w')"],
    ["its timers", "open('/proc/1/timerslack_ns', 'w').write('1000000000')"],
  ])("%s can't be touched", async (_, attempt) => {
    const code = `import os, resource\ntry:\n  ${attempt}\n  print("done")\nexcept OSError as e: print("refused")`;
    expect((await service.run(code)).stdout).toBe("refused\n");
  });

  test("control: a process can lower its own limits and priority", async () => {
    const code = `
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
print(os.nice(5), resource.getrlimit(resource.RLIMIT_NOFILE), os.sched_setaffinity(0, os.sched_getaffinity(0)))`;
    expect((await service.run(code)).stdout).toBe("5 (100, 100) None\n");
  });

  test("killing every process of the sandbox doesn't end it", async () => {
    const code = `
import os, subprocess
child = subprocess.Popen(["/bin/sleep", "60"])
os.kill(-1, 9)
print(child.wait())`;
    expect(await service.run(code)).toMatchObject({ outcome: "ok", stdout: "-9\n" });
  });

  test.each([
    "mem",
    "environ",
    "maps",
    "fd",
    "fdinfo",
    "cwd",
    "root",
    "exe",
    "io",
    "syscall",
    "stack",
    "auxv",
  ])("/proc/1/%s can't be read", async (name) => {
    const code = `
import os
def look(path):
    try:
        return os.listdir(path) if ${JSON.stringify(name)} in ("fd", "fdinfo") else (os.readlink(path) if ${JSON.stringify(name)} in ("cwd", "root", "exe") else open(path, "rb").read(1))
    except OSError as error:
        return type(error).__name__
print(look("/proc/1/${name}"))`;
    expect((await service.run(code)).stdout).toBe("PermissionError\n");
  });

  test("control: the same look at a process of one's own works", async () => {
    const code = `
import os, subprocess
child = subprocess.Popen(["/bin/sleep", "60"])
print(open(f"/proc/{child.pid}/environ", "rb").read(4), os.listdir(f"/proc/{child.pid}/fd") != [])
child.kill()`;
    expect((await service.run(code, { env: { AAAA: "b" } })).stdout).toMatch(/^b'.{0,4}' True\n$/);
  });

  test("the code has no descriptor but its three streams", async () => {
    const code = `
import os
found = []
for fd in range(4096):
    try:
        os.fstat(fd)
        found.append(fd)
    except OSError:
        pass
print(found)`;
    expect((await service.run(code)).stdout).toBe("[0, 1, 2]\n");
  });

  test("frames that the code writes to its streams are output, nothing more", async () => {
    const code = `
import os, struct
evidence = b'{"exitCode":0}'
for kind in range(0x81, 0x8a):
    for sequence in range(4):
        for fd in (1, 2):
            os.write(fd, struct.pack(">IBBI", len(evidence), 1, kind, sequence) + evidence)
os._exit(7)`;
    const observation = await service.run(code);
    expect(observation).toMatchObject({ outcome: "nonzero_exit", exitCode: 7 });
    expect(observation.usage.stdoutBytes).toBe(9 * 4 * 24);
  });

  test("what the code says of its own end can't make a failure ok", async () => {
    // The page is found the way an attacker would: among all that is mapped shared and writable.
    const code = `
import ctypes, os
found = 0
for line in open("/proc/self/maps"):
    area, rights = line.split()[:2]
    if rights == "rw-s":
        start, end = (int(n, 16) for n in area.split("-"))
        ctypes.memset(start, 1, end - start)
        found += 1
print(found, flush=True)
os._exit(9)`;
    const observation = await service.run(code);
    expect(Number(observation.stdout)).toBeGreaterThan(0);
    expect(observation).toMatchObject({ outcome: "nonzero_exit", exitCode: 9 });
  });

  test("being out of memory takes the code, never the launcher", async () => {
    const code = `
import os
# Give the kernel every reason to choose somebody else: many small processes, memory in files.
for n in range(20):
    if os.fork() == 0:
        try: open("/proc/self/oom_score_adj", "w").write("-1000")
        except OSError: pass
        x = bytearray(20_000_000)
        while True: x += bytearray(10_000_000)
for n in range(60): open(f"/tmp/{n}", "wb").write(bytes(1_000_000))
x = []
while True: x.append(bytearray(1_000_000))`;
    const observation = await service.run(code);
    expect(observation.outcome).toBe("memory_limit");
    expect(observation.evidence.oomKills).toBeGreaterThan(0);
  });

  test("a launcher that is held up doesn't hold up the service", async () => {
    const code = `
import os, signal
for n in range(40):
    if os.fork() == 0:
        while True:
            try: os.kill(1, signal.SIGCHLD)
            except OSError: pass`;
    const { outcome } = await service.run(`${code}\nimport time\ntime.sleep(60)`, {
      limits: { wallMs: 500 },
    });
    expect(outcome).toBe("time_limit");
  });
});
