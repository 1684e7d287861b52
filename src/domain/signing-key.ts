/** What anybody needs to check the service's signatures: its public keys, also those of before. */
import { z } from "zod";

export const signingKeySchema = z
  .strictObject({
    keyId: z.string().meta({ description: "SHA-256 of the public key (SPKI DER), first 16 hex digits" }),
    algorithm: z.literal("Ed25519"),
    publicKey: z.string().meta({ description: "SPKI, PEM" }),
    createdAt: z.iso.datetime().meta({ description: "It signed nothing before" }),
    retiredAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: "It signs nothing after; null: it signs now" }),
  })
  .meta({ id: "SigningKey" });
export type SigningKey = z.infer<typeof signingKeySchema>;
