import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { SigningKey } from "../domain/signing-key.ts";
import type { Clock } from "../engine/ports/clock.ts";
import type { Signer } from "../engine/ports/signer.ts";
import { keyIdOf } from "../integrity/signature.ts";
import { rememberKey } from "./known-keys.ts";

/** Signs with a key that is a file in the state folder. */
export class FileSigner implements Signer {
  readonly keyId: string;
  readonly publicKey: string;
  /** This one's and those of before, the newest first. */
  readonly keys: readonly SigningKey[];
  readonly #key: KeyObject;

  /** Makes the key where there is none. Throws an Error that says what is wrong with the one there is. */
  constructor(stateDir: string, clock: Pick<Clock, "now">) {
    this.#key = loadKey(join(stateDir, "signing-key.pem"));
    const publicKey = createPublicKey(this.#key);
    this.keyId = keyIdOf(publicKey);
    this.publicKey = publicKey.export({ type: "spki", format: "pem" }).toString();
    const at = new Date(clock.now()).toISOString();
    this.keys = rememberKey(join(stateDir, "signing-keys.json"), this, at);
  }

  sign(data: Uint8Array): Buffer {
    return sign(null, data, this.#key);
  }
}

const loadKey = (file: string): KeyObject => {
  if (!existsSync(file)) return makeKey(file);
  const key = parseKey(file, readOwn(file));
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${file} must hold an Ed25519 private key`);
  return key;
};

const makeKey = (file: string): KeyObject => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const handle = openSync(file, "wx", 0o600);
  try {
    writeSync(handle, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    // What it signs from now on must not outlive it.
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return privateKey;
};

/** Whoever else can read it can sign in our name; whoever else can write it can put another in its place. */
const readOwn = (file: string): Buffer => {
  if (!lstatSync(file).isFile()) throw new Error(`The signing key ${file} must be a file, and no link`);
  const handle = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { mode, uid } = fstatSync(handle);
    const own = process.getuid?.();
    if (own !== undefined && uid !== own) {
      throw new Error(`The signing key ${file} belongs to user ${uid}; run: chown ${own} ${file}`);
    }
    if ((mode & 0o077) !== 0) {
      throw new Error(`Others can use the signing key in ${file}; run: chmod 600 ${file}`);
    }
    return readFileSync(handle);
  } finally {
    closeSync(handle);
  }
};

const parseKey = (file: string, pem: Buffer): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${file} must hold an Ed25519 private key (PKCS#8, PEM)`, { cause });
  }
};
