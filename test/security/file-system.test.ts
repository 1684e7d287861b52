/** Attempts to write where nothing may be written, run what may not be run, and see what must stay hidden. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

const stdout = async (code: string) => {
  const observation = await service.run(code);
  expect(observation, observation.stderr).toMatchObject({ outcome: "ok" });
  return observation.stdout;
};

describe("files", () => {
  test("can be written in the three declared folders and nowhere else", async () => {
    // The root can't be listed, so every mount and every usual folder is walked on its own.
    const code = `
import os
mounts = [line.split()[4] for line in open("/proc/self/mountinfo")]
usual = ["/" + name for name in "bin boot dev etc home lib media mnt opt proc root run sbin srv sys tmp usr var".split()]
writable, tried = set(), 0
for start in {*mounts, *usual, "/", "/opt/cloche/launcher", "/opt/python-packages"}:
    for folder, folders, files in [(start, [], []), *os.walk(start)]:
        # A few levels tell: /proc and /sys are the same ones over and over below.
        if folder.count("/") > 5: folders.clear()
        probe = os.path.join(folder, "cloche-probe")
        tried += 1
        try:
            os.close(os.open(probe, os.O_CREAT | os.O_WRONLY))
            writable.add(folder)
            os.unlink(probe)
        except OSError:
            pass
print(sorted(writable))
print(tried)`;
    const [list = "", tried] = (await stdout(code)).split("\n");
    expect(Number(tried)).toBeGreaterThan(100);
    const found: string[] = JSON.parse(list.replaceAll("'", '"'));
    expect(found).toEqual(["/dev/shm", "/tmp", "/workspace"]);
    for (const folder of ["/dev/shm", "/tmp", "/workspace"]) {
      expect(await stdout(`open("${folder}/x", "w").write("x"); print(open("${folder}/x").read())`)).toBe(
        "x\n",
      );
    }
  });

  test.each(["/workspace", "/tmp", "/dev/shm"])(
    "in %s can't be run, mapped as code, or made a device",
    async (folder) => {
      const code = `
import mmap, os, shutil, stat
target = "${folder}/true"
shutil.copy("/bin/true", target)
os.chmod(target, 0o6755)
def attempt(do):
    try:
        do()
        return "done"
    except OSError as error:
        return type(error).__name__
def map_it():
    with open(target, "rb") as file:
        mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE)
print(attempt(lambda: os.posix_spawn(target, ["true"], {})))
print(attempt(map_it))
print(attempt(lambda: os.mknod("${folder}/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))))
print(attempt(lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)))`;
      expect((await stdout(code)).split("\n").slice(0, 4)).toEqual([
        "PermissionError",
        "PermissionError",
        "PermissionError",
        "done",
      ]);
    },
  );

  test.each([
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/proc/kallsyms",
    "/proc/config.gz",
    "/proc/interrupts",
    "/proc/sysrq-trigger",
    "/sys/firmware",
    "/sys/kernel",
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/secrets",
    "/opt/cloche/launcher/supervisor.py",
    "/root/.bash_history",
    "/dev/mem",
    "/dev/kmsg",
    "/dev/fuse",
    "/dev/kvm",
    "/dev/tty",
  ])("%s tells nothing", async (path) => {
    const code = `
import os
path = ${JSON.stringify(path)}
try:
    print(repr((os.listdir(path) or b"") if os.path.isdir(path) else open(path, "rb").read(64)))
except OSError as error:
    print(type(error).__name__)`;
    expect(await stdout(code)).toMatch(/^(b''|PermissionError|FileNotFoundError|OSError)\n$/);
  });

  test.each([
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/sys/fs/cgroup/pids/pids.max",
    "/proc/self/uid_map",
    "/proc/1/oom_score_adj",
  ])("%s can't be written", async (path) => {
    const code = `
try:
    open(${JSON.stringify(path)}, "w").write("0")
    print("written")
except OSError as error:
    print("refused")`;
    expect(await stdout(code)).toBe("refused\n");
  });

  test("there is no setuid program and no way to another identity", async () => {
    const code = `
import os, stat
found = [os.path.join(folder, name) for folder, _, names in os.walk("/usr") for name in names
         if os.lstat(os.path.join(folder, name)).st_mode & (stat.S_ISUID | stat.S_ISGID)]
def attempt(do):
    try: do(); return "done"
    except OSError as error: return type(error).__name__
print(found, os.getuid() == os.geteuid() != 0, attempt(lambda: os.setuid(0)), attempt(lambda: os.setgroups([0])))`;
    expect(await stdout(code)).toBe("[] True PermissionError PermissionError\n");
  });
});

describe("residue", () => {
  test("a run finds nothing of the one before, wherever that one could write", async () => {
    const plant = `
import os, socket, time
for folder in ("/workspace", "/tmp", "/dev/shm"):
    open(folder + "/canary", "w").write("canary")
s = socket.socket(socket.AF_UNIX); s.bind("\\0canary"); s.listen()
t = socket.socket(); t.bind(("127.0.0.1", 4242)); t.listen()
if os.fork() == 0: time.sleep(600)
print("planted")`;
    const look = `
import os, socket
seen = [f for f in ("/workspace", "/tmp", "/dev/shm") if set(os.listdir(f)) - {"action.py"}]
for family, address in ((socket.AF_UNIX, "\\0canary"), (socket.AF_INET, ("127.0.0.1", 4242))):
    try: socket.socket(family).connect(address); seen.append(address)
    except OSError: pass
processes = [p for p in os.listdir("/proc") if p.isdigit()]
print(seen, len(processes))`;
    expect(await stdout(plant)).toBe("planted\n");
    expect(await stdout(look)).toBe("[] 2\n");
    // Control: within one run the same look sees what was planted.
    expect(await stdout(plant + look)).toContain(
      "['/workspace', '/tmp', '/dev/shm', '\\x00canary', ('127.0.0.1', 4242)] 3",
    );
  });
});
