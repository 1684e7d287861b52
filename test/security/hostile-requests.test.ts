/** Requests and code that are made to break the service, each beside what must come of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

const problemOf = async (body: string) => {
  const response = await service.request("/v1/executions", { method: "POST", body });
  return { status: response.status, body: (await response.json()) as unknown };
};

describe("requests that ended the service", () => {
  test("arguments larger than a frame, also once they are escaped", async () => {
    const code = "import sys; print(sum(map(len, sys.argv[1:])))";
    expect((await service.run(code, { args: Array(8).fill("a".repeat(131_072)) })).stdout).toBe("1048576\n");
    expect((await service.run(code, { args: Array(2).fill("\u0001".repeat(100_000)) })).stdout).toBe(
      "200000\n",
    );
    const over = await problemOf(JSON.stringify({ code, args: Array(9).fill("a".repeat(131_072)) }));
    expect(over).toMatchObject({ status: 400, body: { issues: [{ field: "args" }] } });
  });

  test("a thousand files with long names", async () => {
    const folder = Array(7).fill("é".repeat(120)).join("/");
    const files = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${folder}${n}`, ""]));
    expect(await service.run("print(1)", { files })).toMatchObject({ outcome: "ok" });
  });
});

describe("failures that passed for the service's", () => {
  test.each([
    ["a number below zero", "struct.pack('>Bh64s', 1, -5, b'ValueError')"],
    ["random bytes", "os.urandom(69)"],
    ["all ones", "bytes([255]) * 69"],
  ])("the report page with %s in it", async (_, bytes) => {
    const code = `
import ctypes, os, struct
for line in open("/proc/self/maps"):
    area, rights = line.split()[:2]
    if rights == "rw-s":
        data = ${bytes}
        ctypes.memmove(int(area.split("-")[0], 16), data, len(data))
        print("written", flush=True)
os._exit(1)`;
    const observation = await service.run(code);
    expect(observation).toMatchObject({ stdout: "written\n", exitCode: 1 });
    expect(["exception", "nonzero_exit", "disk_limit"]).toContain(observation.outcome);
  });

  test("a file below the action's own name is the caller's mistake", async () => {
    const answer = await problemOf(JSON.stringify({ code: "", files: { "action.py/x": "1" } }));
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  test("files that fill the workspace to the last page are the caller's mistake", async () => {
    const files = Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`f${n}`, "x".repeat(13_421_772)]));
    await using roomy = await startService({ CLOCHE_MAX_BODY_BYTES: "134217728" });
    const response = await roomy.post({ code: "print(1)", files });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ issues: [{ field: "files" }] });
  });
});

describe("outcomes that were another's", () => {
  test.each([
    ["a signal for CPU time sent to oneself", "import os; os.kill(os.getpid(), 24)", "signalled"],
    [
      "a CPU limit of one's own",
      "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 2))\nwhile True: pass",
      "signalled",
    ],
    [
      "a signal for file size sent to oneself",
      "import os, signal; signal.signal(25, signal.SIG_DFL); os.kill(os.getpid(), 25)",
      "signalled",
    ],
  ])("%s is no limit of ours", async (_, code, outcome) => {
    expect((await service.run(code)).outcome).toBe(outcome);
  });

  test("collecting output files never changes how the run ended", async () => {
    const code = `
import os
open("out.bin", "wb").write(os.urandom(15 * 2**20))
free = int(open("/sys/fs/cgroup/memory/memory.limit_in_bytes").read()) if os.path.exists("/sys/fs/cgroup/memory") else 64 * 2**20
open("/tmp/fill", "wb").write(bytes(24 * 2**20))
os._exit(0)`;
    const observation = await service.run(code, { outputs: ["*.bin"], limits: { memoryMiB: 64 } });
    expect(observation).toMatchObject({ outcome: "ok", exitCode: 0 });
    expect(observation.outputs.files).toHaveLength(1);
  });

  test.each([
    ["an errno that raises", "class E(Exception):\n    errno = property(lambda s: 1/0)\nraise E('x')", "E"],
    [
      "a name that is none",
      "class M(type):\n    __name__ = 5\nclass E(Exception, metaclass=M): pass\nraise E('x')",
      "E",
    ],
    [
      "a traceback that raises",
      "class E(Exception):\n    __traceback__ = property(lambda s: 1/0)\nraise E('x')",
      "E",
    ],
    ["an OSError with odd numbers", "raise OSError('a' * 9, 'b')", "OSError"],
  ])("an exception with %s is an exception, and the launcher's frames stay unseen", async (_, code, name) => {
    const observation = await service.run(code);
    expect(observation).toMatchObject({ outcome: "exception", evidence: { reported: { exception: name } } });
    expect(observation.stderr).not.toContain("/opt/cloche");
  });
});

describe("requests that kept everybody waiting", () => {
  test.each([
    ["a million bad names", () => `{"code":"","env":{${names(300_000, "0")}}}`, "env"],
    ["a million files", () => `{"code":"","files":{${names(300_000, "f")}}}`, "files"],
    ["a million fields", () => `{"code":"",${names(300_000, "u")}}`, "u0"],
    ["one field with an endless name", () => `{"code":"","${"x".repeat(5_000_000)}":1}`, "xxx"],
  ])("%s are refused by name, shortly", async (_, body, field) => {
    const response = await service.request("/v1/executions", { method: "POST", body: body() });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text.length).toBeLessThan(2000);
    expect(text).toContain(field);
  });

  test("output that JSON would blow up comes back as base64", async () => {
    const code = "import sys\nsys.stdout.buffer.write(bytes(1_000_000))";
    const { stdout, stdoutBase64 = "" } = await service.run(code);
    expect(stdout.length).toBeLessThan(100_000);
    expect(Buffer.from(stdoutBase64, "base64").equals(Buffer.alloc(1_000_000))).toBe(true);
  });
});

describe("inputs that were changed or dropped without a word", () => {
  test.each([
    ["a lone surrogate in the environment", { code: "", env: { A: "\ud800" } }, "env.A"],
    ["a lone surrogate in the code", { code: "'\ud800'" }, "code"],
    ["a lone surrogate in standard input", { code: "", stdin: "\ud800" }, "stdin"],
    ["a lone surrogate in a file", { code: "", files: { a: "\ud800" } }, "files.a"],
  ])("%s is refused", async (_, action, field) => {
    expect(await problemOf(JSON.stringify(action))).toMatchObject({
      status: 400,
      body: { issues: [{ field }] },
    });
  });

  test.each(["files", "env"])("a name in %s that JavaScript would swallow is refused", async (name) => {
    const answer = await problemOf(`{"code":"","${name}":{"__proto__":"x"}}`);
    expect(answer).toMatchObject({ status: 400, body: { issues: [{ field: `${name}.__proto__` }] } });
  });

  test("every folder that could not be looked into is named", async () => {
    const code = `
import os
os.makedirs("a/b"); open("a/b/x", "w").close(); os.chmod("a/b", 0o400); os.chmod("a", 0o400)
os.makedirs("/".join("d" * 40))
os.chmod("/workspace", 0)`;
    const { outputs } = await service.run(code, { outputs: ["**/x"] });
    expect(outputs.files.map(({ path }) => path)).toEqual(["a/b/x"]);
    expect(outputs.skipped).toEqual([
      { path: "/".repeat(0) + Array(32).fill("d").join("/"), reason: "too_deep" },
    ]);
  });

  test("a module of the action's own is found before the library's, as by a bare interpreter", async () => {
    for (const name of ["random", "json", "fnmatch", "struct", "signal"]) {
      const files = { [`${name}.py`]: "mine = True" };
      const observation = await service.run(`import ${name}; print(${name}.mine)`, { files });
      expect(observation, name).toMatchObject({ stdout: "True\n", stderr: "" });
    }
  });
});

describe("strangers", () => {
  test("are refused before their body is read", async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    const response = await fetch(`${service.url}/v1/executions`, init);
    expect(response.status).toBe(401);
  });
});

const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, n) => `"${prefix}${n}":"1"`).join(",");
