import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

describe("inputs", () => {
  test("arguments, standard input and environment arrive as they are", async () => {
    const code =
      "import sys, os, json\nprint(json.dumps([sys.argv[1:], sys.stdin.read(), os.environ['X'], os.getcwd()]))";
    const action = { args: ["a b", "", "é"], stdin: "line\n\u0000é", env: { X: "'; $(x) \n" } };
    const { stdout } = await service.run(code, action);
    expect(JSON.parse(stdout)).toEqual([["a b", "", "é"], "line\n\u0000é", "'; $(x) \n", "/workspace"]);
  });

  test("without standard input a program reads its end at once", async () => {
    expect(await service.run("input()")).toMatchObject({
      outcome: "exception",
      evidence: { reported: { exception: "EOFError" } },
    });
  });

  test("standard input larger than a pipe arrives whole, and need not be read", async () => {
    const stdin = "0123456789\n".repeat(200_000);
    const { stdout } = await service.run("import sys; print(len(sys.stdin.read()))", { stdin });
    expect(stdout).toBe(`${stdin.length}\n`);
    expect(await service.run("print('not read')", { stdin })).toMatchObject({ outcome: "ok" });
  });

  test("the environment holds nothing of the host's or the launcher's", async () => {
    const { stdout } = await service.run("import os, json; print(json.dumps(dict(os.environ)))", {
      env: { A: "b" },
    });
    expect(JSON.parse(stdout)).toEqual({
      A: "b",
      HOME: "/workspace",
      LANG: "C.UTF-8",
      LOGNAME: "sandbox",
      PATH: "/usr/local/bin:/usr/bin:/bin",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONHASHSEED: "0",
      PYTHON_CPU_COUNT: "1",
      TMPDIR: "/tmp",
      USER: "sandbox",
    });
  });

  test("files arrive in their folders, text and bytes, and can be imported", async () => {
    const files = {
      "helper.py": "def greet(): return 'héllo'",
      "data/raw.bin": { base64: Buffer.from([0, 255, 10]).toString("base64") },
      "data/empty": "",
    };
    const code =
      "import helper\nprint(helper.greet(), list(open('data/raw.bin','rb').read()), open('data/empty').read())";
    expect(await service.run(code, { files })).toMatchObject({ stdout: "héllo [0, 255, 10] \n" });
  });

  test("large files arrive whole", async () => {
    const content = "x".repeat(12 * 1024 * 1024);
    const code = "import os; print(os.path.getsize('big'))";
    expect(await service.run(code, { files: { big: content } })).toMatchObject({
      stdout: `${content.length}\n`,
    });
  });

  test("a program sees a plain __main__: pickling, dataclasses and inspect work on it", async () => {
    const code = `
import inspect, pickle, dataclasses
@dataclasses.dataclass
class A:
    x: int
def f(): return 1  # a comment
print(__name__, pickle.loads(pickle.dumps(A(1))), inspect.getsource(f).strip())`;
    expect((await service.run(code)).stdout).toBe("__main__ A(x=1) def f(): return 1  # a comment\n");
  });

  test("nothing of the launcher can be imported", async () => {
    for (const name of [
      "supervisor",
      "run",
      "link",
      "hello",
      "frames",
      "confine",
      "cell",
      "report",
      "interpreter",
      "workspace",
      "cgroup",
    ]) {
      expect((await service.run(`import ${name}`)).evidence.reported?.exception).toBe("ModuleNotFoundError");
    }
  });

  test("the same action and seed give the same observation; without a seed runs differ", async () => {
    const code = "import random\nprint(random.random(), hash('x'), {str(n) for n in range(20)})";
    const seeded = await Promise.all([1, 1, 2].map((seed) => service.run(code, { seed })));
    expect(seeded[0]?.stdout).toBe(seeded[1]?.stdout);
    expect(seeded[0]?.stdout).not.toBe(seeded[2]?.stdout);
    const free = await Promise.all([service.run(code), service.run(code)]);
    expect(free[0]?.stdout).not.toBe(free[1]?.stdout);
  });

  test("numpy is seeded too", async () => {
    const code = "import numpy; print(numpy.random.random())";
    const runs = await Promise.all(
      [7, 7, undefined, undefined].map((seed) =>
        service.run(code, { image: "python-data", ...(seed === undefined ? {} : { seed }) }),
      ),
    );
    const [a, b, c, d] = runs.map(({ stdout }) => stdout);
    expect(a).toBe(b);
    expect(new Set([a, c, d]).size).toBe(3);
  });
});

describe("outputs", () => {
  test("files that match come back, text as text and bytes as base64", async () => {
    const code =
      "import os\nos.makedirs('a/b')\nopen('a/b/x.txt','w').write('é')\nopen('y.bin','wb').write(b'\\xff')\nopen('z.log','w')";
    const { outputs } = await service.run(code, { outputs: ["**/*.txt", "y.*"] });
    expect(outputs).toEqual({
      files: [
        { path: "y.bin", bytes: 1, base64: "/w==" },
        { path: "a/b/x.txt", bytes: 2, text: "é" },
      ],
      skipped: [],
    });
  });

  test("they come back after a failure too", async () => {
    const { outcome, outputs } = await service.run("open('x','w').write('partial')\n1/0", { outputs: ["x"] });
    expect(outcome).toBe("exception");
    expect(outputs.files).toEqual([{ path: "x", bytes: 7, text: "partial" }]);
  });

  test("links, pipes, sockets and folders never come back, nor anything through them", async () => {
    const code = `
import os, socket
os.symlink("/etc/passwd", "link")
os.symlink("/proc/1/environ", "environ")
os.symlink("/", "root")
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("sock")
os.mkdir("dir")
open("real", "w").write("real")
os.link("real", "hard")`;
    const { outputs } = await service.run(code, { outputs: ["**"] });
    expect(outputs.files.map(({ path }) => path)).toEqual(["hard", "real"]);
    expect(outputs.skipped).toEqual(
      ["environ", "link", "pipe", "root", "sock"].map((path) => ({ path, reason: "not_a_regular_file" })),
    );
  });

  test("a sparse giant, too many files and odd names are named, not returned", async () => {
    const code = `
import os
open("giant", "wb").truncate(60 * 2**20)
for n in range(5): open(f"n{n}", "w").write("x")
open(b"\\xff\\x1b", "w").write("x")`;
    const limits = { outputFiles: 3, outputFilesBytes: 1000 };
    const { outputs } = await service.run(code, { outputs: ["**"], limits });
    expect(outputs.files.map(({ path }) => path)).toEqual(["n0", "n1", "n2"]);
    expect(outputs.skipped).toEqual([
      { path: "giant", reason: "too_large" },
      { path: "n3", reason: "too_many_files" },
      { path: "n4", reason: "too_many_files" },
      { path: "\\udcff\u001b", reason: "name_is_not_utf8" },
    ]);
  });

  test("stars stand for part of a name, two stars for any number of folders", async () => {
    const code = `
import os
os.makedirs("a/b/c")
for path in ("x.py", ".hidden", "a/x.py", "a/y.txt", "a/b/c/x.py", "[z]"): open(path, "w").close()`;
    const found = async (pattern: string) =>
      (await service.run(code, { outputs: [pattern] })).outputs.files.map(({ path }) => path);
    expect(await found("*.py")).toEqual(["x.py"]);
    expect(await found("**/*.py")).toEqual(["x.py", "a/x.py", "a/b/c/x.py"]);
    expect(await found("a/**")).toEqual(["a/x.py", "a/y.txt", "a/b/c/x.py"]);
    expect(await found("a/*")).toEqual(["a/x.py", "a/y.txt"]);
    expect(await found("**")).toHaveLength(6);
    expect(await found("[xy].[!t]?")).toEqual(["x.py"]);
    expect(await found("[[]z]")).toEqual(["[z]"]);
  });

  test("no pattern makes the collection slow", async () => {
    const code = "for n in range(50): open(f'{n:02}' + 'a' * 200, 'w').close()";
    const outputs = [
      `${"**/".repeat(20)}${"*a".repeat(60)}*b`,
      `${"*".repeat(500)}b`,
      `${"**/".repeat(300)}x`,
    ];
    const { observation, timings } = await service.execute({ code, outputs });
    expect(observation).toMatchObject({ outcome: "ok", outputs: { files: [], skipped: [] } });
    expect(timings.runMs).toBeLessThan(5000);
  });

  test("deep, many and unreadable folders neither break nor stall the collection", async () => {
    const code = `
import os
os.mkdir("closed"); open("closed/x", "w").write("1"); os.chmod("closed/x", 0); os.chmod("closed", 0)
for n in range(3000): os.mkdir(f"d{n}")
for n in range(2000): os.mkdir("deep"); os.chdir("deep")
open("bottom", "w")`;
    const { outcome, outputs } = await service.run(code, { outputs: ["**/x", "**/bottom"] });
    expect(outcome).toBe("ok");
    expect(outputs).toEqual({
      files: [{ path: "closed/x", bytes: 1, text: "1" }],
      skipped: [{ path: Array(32).fill("deep").join("/"), reason: "too_deep" }],
    });
  });
});
