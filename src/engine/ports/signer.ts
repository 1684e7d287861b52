/** The service's signing key, seen from whoever has something to sign. */
export interface Signer {
  /** SHA-256 of the public key (SPKI DER), first 16 hex digits. */
  readonly keyId: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
  /** Ed25519, over the bytes as they are. */
  sign(data: Uint8Array): Buffer;
}
