import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  chownSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSigned, keyIdOf, parsePublicKeys } from "../../../src/integrity/signature.ts";
import { FileSigner } from "../../../src/signing/file-signer.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { aFolder } from "../store/a-store.ts";

const setUp = () => {
  const folder = aFolder();
  const clock = new ManualClock();
  return { folder, file: join(folder, "signing-key.pem"), clock, open: () => new FileSigner(folder, clock) };
};

const at = (clock: ManualClock) => new Date(clock.now()).toISOString();

describe("the signing key", () => {
  test("is made on first start, for this user only, and is the same from then on", () => {
    const { file, folder, open, clock } = setUp();
    const first = open();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "signing-keys.json")).mode & 0o777).toBe(0o600);
    const again = open();
    expect([again.keyId, again.publicKey, again.keys]).toEqual([first.keyId, first.publicKey, first.keys]);
    expect(first.keys).toEqual([
      {
        keyId: first.keyId,
        algorithm: "Ed25519",
        publicKey: first.publicKey,
        createdAt: at(clock),
        retiredAt: null,
      },
    ]);
  });

  test("signs what its public half checks, and is called by that one's digest", () => {
    const signer = setUp().open();
    const [key] = parsePublicKeys(signer.publicKey);
    if (!key) throw new Error("no key");
    const signature = signer.sign(Buffer.from('{"a":1}')).toString("base64");
    expect(isSigned({ a: 1 }, signature, key)).toBe(true);
    expect(isSigned({ a: 2 }, signature, key)).toBe(false);
    expect(keyIdOf(key)).toBe(signer.keyId);
    expect(signer.keyId).toMatch(/^[0-9a-f]{16}$/);
  });

  test("moved aside is replaced by a new one, and stays listed as one that was", async () => {
    const { file, folder, open, clock } = setUp();
    const old = open();
    await clock.advance(60_000);
    renameSync(file, join(folder, "signing-key.old.pem"));
    const signer = open();
    expect(signer.keyId).not.toBe(old.keyId);
    expect(signer.keys).toMatchObject([
      { keyId: signer.keyId, createdAt: at(clock), retiredAt: null },
      { keyId: old.keyId, publicKey: old.publicKey, retiredAt: at(clock) },
    ]);
    await clock.advance(60_000);
    renameSync(join(folder, "signing-key.old.pem"), file);
    const back = open();
    expect(back.keys.map(({ keyId, retiredAt }) => [keyId, retiredAt === null])).toEqual([
      [old.keyId, true],
      [signer.keyId, false],
    ]);
    expect(back.keys[0]?.createdAt).toBe(old.keys[0]?.createdAt);
  });
});

describe("is refused, and nothing is signed with it,", () => {
  const pem = (type: "ec" | "ed25519") =>
    (type === "ec"
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519")
    ).privateKey
      .export({ type: "pkcs8", format: "pem" })
      .toString();

  test.each([0o640, 0o604, 0o620, 0o660, 0o601])("with the mode %o", (mode) => {
    const { file, open } = setUp();
    open();
    chmodSync(file, mode);
    expect(open).toThrow(`chmod 600 ${file}`);
  });

  test("as a link", () => {
    const { file, folder, open } = setUp();
    writeFileSync(join(folder, "elsewhere"), pem("ed25519"), { mode: 0o600 });
    symlinkSync("elsewhere", file);
    expect(open).toThrow("no link");
  });

  test.each([
    ["no key", "x"],
    ["a key of another kind", pem("ec")],
  ])("where the file holds %s", (_, content) => {
    const { file, open } = setUp();
    writeFileSync(file, content, { mode: 0o600 });
    expect(open).toThrow("must hold an Ed25519 private key");
  });

  test("where the list of known keys is not one", () => {
    const { folder, open } = setUp();
    open();
    writeFileSync(join(folder, "signing-keys.json"), '[{"keyId":"x"}]');
    expect(open).toThrow("signing-keys.json is not the list");
    rmSync(join(folder, "signing-keys.json"));
    expect(open().keys).toHaveLength(1);
  });

  test("where it is another user's", ({ skip }) => {
    if (process.getuid?.() !== 0) skip("only root can give a file away");
    const { file, open } = setUp();
    open();
    const content = readFileSync(file);
    const other = setUp();
    writeFileSync(other.file, content, { mode: 0o600 });
    chownSync(other.file, 12_345, 12_345);
    expect(other.open).toThrow(`belongs to user 12345; run: chown 0 ${other.file}`);
  });
});
