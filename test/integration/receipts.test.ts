/** Receipts of what really ran, checked with nothing of ours, and replays of programs that are meant to be the same. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { ActionInput } from "../../src/domain/action.ts";
import { controlNames } from "../../src/domain/controls.ts";
import type { ReceiptBody } from "../../src/domain/receipt.ts";
import { type Replay, replaySchema } from "../../src/domain/replay.ts";
import { parseReceipt, verifyReceipt } from "../../src/integrity/receipt.ts";
import { compareWithExecution } from "../../src/integrity/receipt-of.ts";
import { parseSigningKeys } from "../../src/integrity/signing-keys.ts";
import { type Service, startService } from "../support/service.ts";
import { ServiceProcesses } from "../support/service-processes.ts";
import { blocksOf, readDocument } from "../unit/docs/documents.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

type Request = Service["request"];

const signingKeys = async (request: Request): Promise<string> =>
  await (await request("/v1/signing-keys")).text();

/** Checked against the key and the execution as the service tells them. */
const receiptOf = async (request: Request, id: string): Promise<{ text: string; body: ReceiptBody }> => {
  const text = await (await request(`/v1/executions/${id}/receipt`)).text();
  const receipt = parseReceipt(text);
  expect(verifyReceipt(receipt, parseSigningKeys(await signingKeys(request)))).toEqual({ valid: true });
  const execution = await (await request(`/v1/executions/${id}`)).text();
  const checks = compareWithExecution(receipt.body, execution);
  expect(checks.filter(({ result }) => result !== "same")).toEqual([]);
  return { text, body: receipt.body };
};

describe("a receipt", () => {
  test("says of a script which sandbox it had, and that every control was seen in it", async () => {
    const code = "import sys; sys.stdout.buffer.write(b'\\xff'); open('a','w').write('x'); raise ValueError";
    const { id, observation } = await service.execute({ code, outputs: ["a"], limits: { wallMs: 5000 } });
    expect(observation.outcome).toBe("exception");
    const { body } = await receiptOf(service.request, id);
    expect(body).toMatchObject({ execution: id, session: null, outcome: "exception", exitCode: 1 });
    expect(body.isolation.sandbox).toMatch(/^sbx_/);
    expect(body.isolation.host.kernel).not.toBe("");
    expect(body.isolation.host.runtime).toMatch(/^runc /);
    expect(Object.keys(body.isolation.controls).sort()).toEqual([...controlNames].sort());
    expect(body.isolation.controls).toMatchObject({ seccomp: true, no_network: true, memory: true });
    expect(body.limits["wallMs"]).toBe(5000);
    expect(body.outputs.files).toMatchObject([{ path: "a", bytes: 1 }]);
  });

  test("is there of cells and commands of a session, and of what a limit ended", async () => {
    const session = await service.session();
    const ids = [
      await session.step("x = 1; x"),
      await session.step({ shell: "echo hi; exit 3" }),
      await session.step({ code: "while True: pass", limits: { wallMs: 200 } }),
    ].map(({ id }) => id);
    const bodies = await Promise.all(ids.map(async (id) => (await receiptOf(service.request, id)).body));
    expect(bodies.map(({ action, outcome }) => [action.kind, outcome])).toEqual([
      ["cell", "ok"],
      ["command", "nonzero_exit"],
      ["cell", "time_limit"],
    ]);
    expect(new Set(bodies.map(({ isolation }) => isolation.sandbox)).size).toBe(1);
  });

  test("is checked with openssl and sed alone", async ({ skip }) => {
    if (!hasOpenssl()) skip("there is no openssl that checks Ed25519");
    const folder = mkdtempSync(join(tmpdir(), "cloche-receipt-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const { id } = await service.execute({ code: "print('é')" });
    const { text } = await receiptOf(service.request, id);
    writeFileSync(join(folder, "receipt.json"), `${text}\n`);
    const [key] = JSON.parse(await signingKeys(service.request)).items;
    writeFileSync(join(folder, "key.pem"), key.publicKey);
    const check = () => execFileSync("sh", ["-ec", byHand], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    expect(check()).toContain("Signature Verified Successfully");
    writeFileSync(join(folder, "receipt.json"), text.replace('"outcome":"ok"', '"outcome":"cancelled"'));
    expect(check).toThrow();
  });

  test("of a run that went on over a restart tells what the process before saw of its sandbox", async () => {
    await using processes = new ServiceProcesses();
    const before = await processes.start();
    const session = (await (await before.request("/v1/sessions", { method: "POST", body: "{}" })).json()) as {
      id: string;
    };
    const begin = (process: { request: Request }, code: string) =>
      process.request(`/v1/sessions/${session.id}/executions`, {
        method: "POST",
        body: JSON.stringify({ code, keepStdin: true }),
        headers: { prefer: "respond-async" },
      });
    const { id } = (await (await begin(before, "print(input())")).json()) as { id: string };
    await before.stop("SIGKILL");
    const after = await processes.start();
    await after.request(`/v1/executions/${id}/stdin?close=true`, { method: "POST", body: "on\n" });
    await after.request(`/v1/executions/${id}/events`).then((events) => events.text());
    const { body } = await receiptOf(after.request, id);
    expect(body).toMatchObject({ outcome: "ok", session: { id: session.id, sequence: 1 } });
    expect(Object.keys(body.isolation.controls).sort()).toEqual([...controlNames].sort());
    expect(body.isolation.host.kernel).not.toBe("");
  });
});

const hasOpenssl = () => {
  const { status, stdout } = spawnSync("sh", ["-c", "openssl version"], { encoding: "utf8" });
  return status === 0 && /^OpenSSL [3-9]/.test(stdout);
};

/** The very commands that docs/receipts.md tells. */
const byHand =
  blocksOf(readDocument("docs/receipts.md"), "sh").find((block) => block.includes("openssl")) ?? "false";

const replay = async (id: string): Promise<Replay> => {
  const response = await service.request(`/v1/executions/${id}/replay`, { method: "POST" });
  const body = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(200);
  return replaySchema.parse(body);
};

const programs: Record<string, ActionInput> = {
  "hashes of text, and the order of sets": {
    code: "print(hash('x'), {str(n) for n in range(50)}, frozenset('determinism'))",
  },
  "the order of dicts and of names": {
    code: "d = {k: 1 for k in 'zebra'}; print(d, sorted(globals()), list(vars(type)))",
  },
  "random numbers with a seed": {
    code: "import random; print(random.random(), random.sample(range(1000), 20), random.gauss(0, 1))",
    seed: 7,
  },
  "numpy's random numbers with a seed": {
    code: "import numpy as np; print(np.random.random(5), np.random.randint(0, 99, 9), np.linalg.eig(np.eye(3)))",
    image: "python-data",
    seed: 7,
  },
  "an exception with its traceback": { code: "def f(x):\n    return 1 / x\nf(0)" },
  "files in and out": {
    code: "open('out', 'wb').write(open('in', 'rb').read()[::-1] * 99)",
    files: { in: { base64: "AP8B" } },
    outputs: ["*"],
  },
  "arguments, input and environment": {
    code: "import sys, os; print(sys.argv, sys.stdin.read(), sorted(os.environ.items()))",
    args: ["a"],
    stdin: "b",
    env: { C: "d" },
  },
};

describe("the same action, image, policy and seed give the same observation", () => {
  test.each(Object.entries(programs))("three times over: %s", async (_, action) => {
    const { id } = await service.execute(action);
    for (let times = 0; times < 3; times += 1) {
      expect(await replay(id)).toMatchObject({ original: id, same: true, differences: [] });
    }
  });

  test("where a program asks for what is never the same, that is named", async () => {
    const { id } = await service.execute({
      code: "import os, sys, time\nprint(os.urandom(8).hex())\nopen('t', 'w').write(str(time.time_ns()))",
      outputs: ["t"],
    });
    const { same, differences } = await replay(id);
    expect(same).toBe(false);
    expect(differences.map(({ field }) => field)).toEqual(["stdout", 'outputs.files["t"]']);
    expect(differences[0]?.original).toMatch(/^[0-9a-f]{16}\n$/);
  });

  test("without a seed random numbers differ, and that is named", async () => {
    const { id } = await service.execute({ code: "import random; print(random.random())" });
    expect((await replay(id)).differences.map(({ field }) => field)).toEqual(["stdout"]);
  });
});
