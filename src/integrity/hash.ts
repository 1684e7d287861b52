import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import { wellFormed } from "./well-formed.ts";

/** Returns `sha256:` and 64 hex digits. */
export const sha256 = (data: string | Uint8Array): string =>
  `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** Of its canonical JSON. */
export const hashOf = (value: unknown): string => sha256(canonicalJson(value));

/** For what a sandbox had a hand in: it must not be able to keep its hash from being made. */
export const hashOfObserved = (value: unknown): string => hashOf(wellFormed(value));
