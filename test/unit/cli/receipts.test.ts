/** Receipts on the command line: got from the service, and checked without it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { anEnd, aReceiptOf } from "../../support/a-receipt.ts";
import { FakeService, problem } from "./fake-service.ts";
import { aFolder, run } from "./run-in-test.ts";
import { exe } from "./samples.ts";

const { text, receipt, execution, key } = aReceiptOf();
const pem = key.export({ type: "spki", format: "pem" }).toString();
const other = aReceiptOf();
const otherPem = other.key.export({ type: "spki", format: "pem" }).toString();
const { keyId } = receipt.signature;

let service: FakeService;
let cwd: string;

beforeEach(async () => {
  service = await FakeService.start();
  const listed = (publicKey: string, id: string, retiredAt: string | null) => ({
    keyId: id,
    algorithm: "Ed25519",
    publicKey,
    createdAt: "2026-11-23T10:00:00.000Z",
    retiredAt,
  });
  service.on("GET /v1/signing-keys", () => ({
    items: [
      listed(pem, keyId, null),
      listed(otherPem, other.receipt.signature.keyId, other.receipt.body.finishedAt),
    ],
  }));
  cwd = aFolder();
  writeFileSync(join(cwd, "receipt.json"), text);
  writeFileSync(join(cwd, "old.json"), other.text);
  writeFileSync(join(cwd, "tampered.json"), text.replace('"outcome":"ok"', '"outcome":"cancelled"'));
  writeFileSync(join(cwd, "key.pem"), pem);
  writeFileSync(join(cwd, "other.pem"), otherPem);
  writeFileSync(join(cwd, "execution.json"), JSON.stringify(execution));
});
afterEach(() => service[Symbol.asyncDispose]());

const verify = (...argv: string[]) => run(["receipt", "verify", ...argv], { service, cwd });

describe("cloche receipt show", () => {
  test("gives a file the very bytes that the service sent", async () => {
    service.on(`GET /v1/executions/${exe}/receipt`, (_, response) => void response.end(text));
    expect((await run(["receipt", "show", exe], { service })).stdout).toBe(`${text}\n`);
  });

  test("gives a terminal nothing that moves its cursor", async () => {
    const sly = text.replace('"a.txt"', '"\u202ea.txt"');
    service.on(`GET /v1/executions/${exe}/receipt`, (_, response) => void response.end(sly));
    const { stdout } = await run(["receipt", "show", exe], { service, terminal: true });
    expect(stdout).toContain('"path": "\\u202ea.txt"');
  });

  test("says why there is none", async () => {
    service.on(`GET /v1/executions/${exe}/receipt`, problem(404, "not_found", "it failed"));
    expect(await run(["receipt", "show", exe], { service })).toMatchObject({
      code: 125,
      stderr: "cloche: it failed (not_found)\n",
    });
  });
});

describe("cloche receipt key", () => {
  test("prints the key that signs now; with --all those of before, too", async () => {
    expect((await run(["receipt", "key"], { service })).stdout).toBe(pem);
    expect((await run(["receipt", "key", "--all"], { service })).stdout).toBe(pem + otherPem);
    const { stdout } = await run(["receipt", "key", "--json"], { service });
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ keyId, retiredAt: null }] });
  });
});

describe("cloche receipt verify", () => {
  test("says in words what is certified, and asks nobody where it has the key", async () => {
    const { code, stdout, stderr } = await verify("receipt.json", "--key", "key.pem");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`signed by key ${keyId}, and not changed since\n`);
    expect(stdout).toContain("the key is trusted because key.pem lists it\n");
    expect(stdout).toMatch(/^execution +exe_1$/m);
    expect(stdout).toMatch(/^session +ses_1, execution 1, interpreter 1$/m);
    expect(stdout).toMatch(/^isolation +tier container, runtime runc, sandbox sbx_1$/m);
    expect(stdout).toMatch(/^host +kernel 6.1.0, Docker Engine 29.0.0, runc 1.3.0$/m);
    expect(stdout).toMatch(/^outcome +ok, exit code 0$/m);
    expect(stdout).toMatch(/^file "a.txt" +sha256:[0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^seccomp +yes$/m);
    expect(service.asked).toEqual([]);
  });

  test("asks the service for keys where it has none; those of before count too", async () => {
    const { code, stdout } = await verify("receipt.json");
    expect(code).toBe(0);
    expect(stdout).toContain(`the key is trusted because the service at ${service.url} lists it\n`);
    expect((await verify("old.json")).code).toBe(0);
    expect(service.askedFor("GET /v1/signing-keys")).toHaveLength(2);
  });

  test("refuses what a key signed after it was retired, by the service's list and by the same list in a file", async () => {
    const { finishedAt } = other.receipt.body;
    const listed = (retiredAt: string) => ({ items: [{ publicKey: otherPem, retiredAt }] });
    service.on("GET /v1/signing-keys", () => listed("2000-01-01T00:00:00.000Z"));
    const { code, stderr } = await verify("old.json");
    expect(code).toBe(1);
    expect(stderr).toContain(`signs nothing since 2000-01-01T00:00:00.000Z`);
    writeFileSync(join(cwd, "keys.json"), JSON.stringify(listed("2000-01-01T00:00:00.000Z")));
    expect((await verify("old.json", "--key", "keys.json")).code).toBe(1);
    writeFileSync(join(cwd, "keys.json"), JSON.stringify(listed(finishedAt)));
    expect((await verify("old.json", "--key", "keys.json")).code).toBe(0);
  });

  test("takes the key file from the environment, and standard input for the receipt", async () => {
    const env = { CLOCHE_SIGNING_KEY_FILE: "key.pem" };
    const argv = ["receipt", "verify", "-", "--offline"];
    expect((await run(argv, { service, cwd, env, stdin: text })).code).toBe(0);
    expect(service.asked).toEqual([]);
  });

  test.each([
    ["a change", ["tampered.json", "--key", "key.pem"], "something in it was changed"],
    ["another key", ["receipt.json", "--key", "other.pem"], `it names key ${keyId}`],
    ["no receipt", ["execution.json", "--key", "key.pem"], "Unrecognized key"],
    ["no JSON", ["key.pem", "--key", "key.pem"], "it is no JSON"],
  ])("%s is told, with exit code 1", async (_, argv, reason) => {
    const { code, stdout, stderr } = await verify(...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^not valid: /);
    expect(stderr).toContain(reason);
    const asJson = await verify(...argv, "--json");
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([1, { valid: false, signed: false }]);
  });

  test("holds an execution against it, and names what differs", async () => {
    const argv = ["receipt.json", "--key", "key.pem", "--observation", "execution.json"];
    const same = await verify(...argv);
    expect(same.code).toBe(0);
    expect(same.stdout).toMatch(/of the execution \d+ fields are what the receipt says\n$/);
    const changed = { ...execution, observation: { ...execution.observation, stdout: "forged" } };
    writeFileSync(join(cwd, "execution.json"), JSON.stringify(changed));
    const different = await verify(...argv);
    expect(different.code).toBe(1);
    expect(different.stdout).toMatch(
      /^not valid: the execution is not the receipt's in 1 field\ndiffers: stdout /,
    );
    expect(different.stdout).toContain(`the receipt itself is signed by key ${keyId}`);
    expect(different.stdout).toContain("differs: stdout is not what the receipt says\n");
    const { code, stdout } = await verify(...argv, "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      1,
      { valid: false, signed: true, differing: ["stdout"] },
    ]);
  });

  test("names what it could not check, because the policy keeps it nowhere", async () => {
    const observation = { ...execution.observation, stdout: "" };
    writeFileSync(
      join(cwd, "execution.json"),
      JSON.stringify({ ...execution, observation, redacted: ["stdout"] }),
    );
    const { code, stdout } = await verify(
      "receipt.json",
      "--key",
      "key.pem",
      "--observation",
      "execution.json",
    );
    expect(code).toBe(0);
    expect(stdout).toContain("NOT COMPARED: 1 field: the execution says that its policy keeps them out");
    expect(stdout).toMatch(/^not compared: stdout$/m);
    const asJson = await verify(
      "receipt.json",
      "--key",
      "key.pem",
      "--observation",
      "execution.json",
      "--json",
    );
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([
      0,
      { valid: true, notCompared: ["stdout"] },
    ]);
  });

  test.each([
    [["receipt.json", "--offline"], "--offline needs a key"],
    [["receipt.json", "--key", "receipt.json"], "there is no public key (PEM) in it"],
    [["receipt.json", "--key", "tampered.json"], "it is no list of signing keys"],
    [["missing.json", "--key", "key.pem"], "there is no such file"],
    [["receipt.json", "--key", "key.pem", "--observation", "missing"], "there is no such file"],
  ])("%j is a wrong command line", async (argv, message) => {
    const { code, stderr } = await verify(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(service.asked).toEqual([]);
  });

  test("gives a terminal nothing that moves its cursor", async () => {
    const ended = anEnd();
    ended.observation.outputs.files = [{ path: "\u202e\u001b[2J", bytes: 0, text: "" }];
    const sly = aReceiptOf(ended);
    writeFileSync(join(cwd, "sly.json"), sly.text);
    writeFileSync(join(cwd, "sly.pem"), sly.key.export({ type: "spki", format: "pem" }));
    const { code, stdout } = await verify("sly.json", "--key", "sly.pem");
    expect(code).toBe(0);
    expect(stdout).toContain("\\u{202e}");
    expect(stdout).not.toContain("\u202e");
    expect(stdout).not.toContain("\u001b");
  });
});

describe("cloche replay", () => {
  const path = `POST /v1/executions/${exe}/replay`;
  const told = { original: exe, replayed: "exe_2", same: true, differences: [] };

  test("ends with 0 where the same came out", async () => {
    service.on(path, () => told);
    expect(await run(["replay", exe], { service })).toMatchObject({
      code: 0,
      stdout: `same: exe_2 was run to compare with ${exe}\n`,
    });
  });

  test("ends with 1 and a table where it did not", async () => {
    const differences = [
      { field: "stdout", original: "1\n", replayed: "2\n" },
      { field: 'outputs.files["a"]', original: null, replayed: "sha256:1" },
    ];
    service.on(path, () => ({ ...told, same: false, differences }));
    const { code, stdout } = await run(["replay", exe], { service });
    expect(code).toBe(1);
    expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      [`different: exe_2 was run to compare with ${exe}`],
      [""],
      ["FIELD", "ORIGINAL", "REPLAYED"],
      ["stdout", "1\\n", "2\\n"],
      ['outputs.files["a"]', "-", "sha256:1"],
      [""],
    ]);
    const asJson = await run(["replay", exe, "--json"], { service });
    expect([asJson.code, JSON.parse(asJson.stdout)]).toMatchObject([1, { same: false }]);
  });

  test("says why it can't be", async () => {
    service.on(path, problem(409, "conflict", "another policy"));
    expect(await run(["replay", exe], { service })).toMatchObject({
      code: 125,
      stderr: "cloche: another policy (conflict)\n",
    });
  });
});
