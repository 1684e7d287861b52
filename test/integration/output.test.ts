import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

const stdoutOf = ({ stdout, stdoutBase64 }: Observation) =>
  stdoutBase64 === undefined ? Buffer.from(stdout) : Buffer.from(stdoutBase64, "base64");

const write = (expression: string) => `import sys; sys.stdout.buffer.write(${expression})`;

const MB = 1_000_000;

const exact: [string, string, Buffer][] = [
  ["nothing", "b''", Buffer.alloc(0)],
  ["NUL bytes", "b'a\\0b\\0'", Buffer.from("a\0b\0")],
  ["no newline at the end", "b'abc'", Buffer.from("abc")],
  ["every byte there is", "bytes(range(256)) * 3", Buffer.from([...Array(768).keys()].map((n) => n % 256))],
  ["invalid UTF-8", "b'ok \\xff\\xfe\\xc3'", Buffer.from([0x6f, 0x6b, 0x20, 0xff, 0xfe, 0xc3])],
  ["control and bidi characters", "'\\x1b[31m\\u202e\\r'.encode()", Buffer.from("\x1b[31m\u202e\r")],
  ["1 MB in one line", `b'x' * ${MB}`, Buffer.alloc(MB, "x")],
  ["10 MB in lines", `b'0123456789abcde\\n' * ${(10 * MB) / 16}`, Buffer.alloc(10 * MB, "0123456789abcde\n")],
  ["10 MB of multibyte characters", `'é'.encode() * ${5 * MB}`, Buffer.alloc(10 * MB, "é")],
];

describe("output", () => {
  test.each(exact)("%s comes back exactly", async (_, expression, expected) => {
    const observation = await service.run(write(expression));
    expect(observation).toMatchObject({ outcome: "ok", truncated: { stdout: false, stderr: false } });
    expect(stdoutOf(observation).equals(expected)).toBe(true);
    expect(observation.usage.stdoutBytes).toBe(expected.length);
  });

  test("a million writes of one byte come back exactly", async () => {
    const code = "import os\nfor n in range(1_000_000): os.write(1, b'%d' % (n % 10))";
    const observation = await service.run(code);
    expect(observation.stdout).toBe("0123456789".repeat(100_000));
  });

  test("characters that are split between writes come back whole", async () => {
    const code = "import os,time\nfor b in 'añ€😀'.encode(): os.write(1, bytes([b])); time.sleep(0.005)";
    const observation = await service.run(code);
    expect(observation.stdout).toBe("añ€😀");
    expect(observation).not.toHaveProperty("stdoutBase64");
  });

  test("stdout and stderr are kept apart", async () => {
    const code = "import sys\nfor n in range(1000): print(n); print(-n, file=sys.stderr)";
    const observation = await service.run(code);
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    expect(observation.stdout).toBe(numbers.map((n) => `${n}\n`).join(""));
    expect(observation.stderr).toBe(numbers.map((n) => `${n === 0 ? 0 : -n}\n`).join(""));
  });

  test("exactly as many bytes as the cap are not truncated; one more is, and says so", async () => {
    const at = await service.run(write("b'x' * 1000"), { limits: { outputBytes: 1000 } });
    expect(at).toMatchObject({ outcome: "ok", truncated: { stdout: false } });
    const over = await service.run(write("b'x' * 1001"), { limits: { outputBytes: 1000 } });
    expect(over).toMatchObject({ outcome: "output_limit", truncated: { stdout: true } });
    expect(over.stdout).toBe("x".repeat(1000));
  });

  test("the cap is for both streams together", async () => {
    const code = "import os\nos.write(1, b'o' * 600)\nimport time; time.sleep(0.2)\nos.write(2, b'e' * 600)";
    const observation = await service.run(code, { limits: { outputBytes: 1000 } });
    expect(observation).toMatchObject({
      outcome: "output_limit",
      truncated: { stdout: false, stderr: true },
    });
    expect([observation.stdout.length, observation.stderr.length]).toEqual([600, 400]);
  });

  test("what was printed before an exit without cleaning up is kept", async () => {
    const code = "import os; print('flushed', flush=True); os._exit(0)";
    expect(await service.run(code)).toMatchObject({ outcome: "ok", stdout: "flushed\n" });
  });

  test("threads, exit handlers and destructors still print at the end, as in a bare interpreter", async () => {
    const code = `
import atexit, threading, time
class A:
    def __del__(self): print("del")
a = A()
atexit.register(print, "atexit")
threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
print("main")`;
    expect((await service.run(code)).stdout).toBe("main\nthread\natexit\ndel\n");
  });
});
