/** A signing key that is there for one run of the tests. */
import { generateKeyPairSync, sign } from "node:crypto";
import type { Signer } from "../../src/engine/ports/signer.ts";
import { keyIdOf } from "../../src/integrity/signature.ts";

export const aSigner = (): Signer => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (data) => sign(null, data, privateKey),
  };
};
