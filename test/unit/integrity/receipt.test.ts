import { generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/integrity/canonical-json.ts";
import { NoReceipt, parseReceipt, verifyReceipt } from "../../../src/integrity/receipt.ts";
import { parsePublicKeys } from "../../../src/integrity/signature.ts";
import { aReceiptOf } from "../../support/a-receipt.ts";

const { text, receipt, key } = aReceiptOf();
const spki = (one: KeyObject) => one.export({ type: "spki", format: "pem" }).toString();

/** Whether anybody would take this text for a receipt of ours. */
const isTaken = (changed: string, keys = [key]): boolean => {
  try {
    return verifyReceipt(parseReceipt(changed), { keys }).valid;
  } catch (error) {
    if (error instanceof NoReceipt) return false;
    throw error;
  }
};

type Path = (string | number)[];

const leavesOf = (value: unknown, path: Path = []): Path[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
    : [path];

const holdersOf = (value: unknown, path: Path = []): Path[] =>
  typeof value === "object" && value !== null
    ? [path, ...Object.entries(value).flatMap(([name, inner]) => holdersOf(inner, [...path, name]))]
    : [];

/** A copy with something done to what is at the path. */
const changed = (path: Path, change: (holder: Record<string, unknown>, name: string) => void): string => {
  const copy: unknown = JSON.parse(text);
  const holder = path.slice(0, -1).reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], copy);
  change(holder as Record<string, unknown>, String(path.at(-1)));
  return JSON.stringify(copy);
};

const valueAt = (path: Path) =>
  path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], receipt);

const leaves = leavesOf(receipt);
/** What a leaf could be in its place: of its own kind, so that the schema passes much of it, and of others. */
const instead = (value: unknown): fc.Arbitrary<unknown> => {
  const flipped = (char: string) => (char === "0" ? "1" : "0");
  const near =
    typeof value === "string"
      ? fc
          .nat({ max: Math.max(0, value.length - 1) })
          .map((at) => value.slice(0, at) + flipped(value.charAt(at)) + value.slice(at + 1))
      : typeof value === "number"
        ? fc.integer({ min: -3, max: 3 }).map((by) => value + by)
        : fc.constant(!value);
  return fc
    .oneof(near, fc.jsonValue())
    .filter((other) => canonicalJson(other ?? null) !== canonicalJson(value));
};

describe("a receipt", () => {
  test("as it was made is one, also written otherwise", () => {
    expect(isTaken(text)).toBe(true);
    expect(isTaken(JSON.stringify(receipt, null, 2))).toBe(true);
    const turned = JSON.stringify({
      signature: receipt.signature,
      body: Object.fromEntries(Object.entries(receipt.body).reverse()),
    });
    expect(isTaken(turned)).toBe(true);
    expect(isTaken(text.replace('"exitCode":0', '"exitCode":0.0'))).toBe(true);
  });

  test("has the text of its body in it as it was signed", () => {
    expect(text).toBe(canonicalJson(receipt));
    expect(text.startsWith(`{"body":${canonicalJson(receipt.body)},"signature":`)).toBe(true);
  });

  test("with any leaf changed is none", () => {
    expect(leaves.length).toBeGreaterThan(70);
    const mutation = fc
      .constantFrom(...leaves)
      .chain((path) => instead(valueAt(path)).map((value) => ({ path, value })));
    fc.assert(
      fc.property(mutation, ({ path, value }) => {
        const mutated = changed(path, (holder, name) => {
          holder[name] = value;
        });
        expect(isTaken(mutated), `${path.join(".")} = ${JSON.stringify(value)}`).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(leaves.map((path) => [path.join("."), path] as const))("without %s is none", (_, path) => {
    expect(
      isTaken(
        changed(path, (holder, name) =>
          Array.isArray(holder) ? holder.splice(Number(name), 1) : delete holder[name],
        ),
      ),
    ).toBe(false);
  });

  test.each(
    holdersOf(receipt).flatMap((path) =>
      ["extra", "__proto__", "constructor"].map((name) => [[...path, name].join("."), path, name] as const),
    ),
  )("with %s besides is none", (_, path, name) => {
    const copy: unknown = JSON.parse(text);
    const holder = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], copy) as object;
    if (Array.isArray(holder)) holder.push({ path: name, bytes: 0, sha256: `sha256:${"0".repeat(64)}` });
    else Object.defineProperty(holder, name, { value: {}, enumerable: true });
    expect(isTaken(JSON.stringify(copy))).toBe(false);
  });

  test("with a name twice is none, whichever of the two a reader takes", () => {
    for (const twice of [
      text.replace('"outcome":', '"outcome":"cancelled","outcome":'),
      text.replace('{"body":', '{"body":{},"body":'),
      text.replace('"keyId":', '"keyId":"x","key\\u0049d":'),
    ]) {
      expect(twice).not.toBe(text);
      expect(() => parseReceipt(twice)).toThrow("twice");
    }
  });

  test("with half of a surrogate pair in it is none", () => {
    expect(() => parseReceipt(text.replace('"a.txt"', '"\\ud800"'))).toThrow("no Unicode");
  });

  test("is not looked for in what is too large or too deep", () => {
    expect(() => parseReceipt(`${text}${" ".repeat(33 * 1024 * 1024)}`)).toThrow("larger than any");
    const deep = "[".repeat(200_000) + "]".repeat(200_000);
    expect(() => parseReceipt(deep)).toThrow(NoReceipt);
    expect(() => parseReceipt(text.replace('"ok"', deep))).toThrow(NoReceipt);
  });

  test("with its signature spelt otherwise is none", () => {
    const { value } = receipt.signature;
    for (const other of [`${value}\n`, value.replace(/=+$/, ""), value.replaceAll("/", "_"), nudged(value)]) {
      if (other !== value)
        expect(isTaken(text.replace(value, () => JSON.stringify(other).slice(1, -1)))).toBe(false);
    }
  });

  test("signed by another key is none, also under this one's name", () => {
    const other = aReceiptOf();
    expect(verifyReceipt(other.receipt, { keys: [key] })).toMatchObject({
      reason: expect.stringContaining("it names key"),
    });
    const renamed = {
      ...other.receipt,
      signature: { ...other.receipt.signature, keyId: receipt.signature.keyId },
    };
    expect(verifyReceipt(renamed, { keys: [key] })).toMatchObject({
      reason: expect.stringContaining("was changed"),
    });
    expect(verifyReceipt(other.receipt, { keys: [key, other.key] })).toEqual({ valid: true });
  });

  test("that names a time after its key was retired is none, whatever its signature", () => {
    const { keyId } = receipt.signature;
    const under = (retiredAt: [string, string][]) =>
      verifyReceipt(receipt, { keys: [key], retiredAt: new Map(retiredAt) });
    const { finishedAt } = receipt.body;
    const before = new Date(Date.parse(finishedAt) - 1).toISOString();
    expect(under([])).toEqual({ valid: true });
    expect(under([[keyId, finishedAt]])).toEqual({ valid: true });
    expect(under([["another", before]])).toEqual({ valid: true });
    expect(under([[keyId, before]])).toEqual({
      valid: false,
      reason: `it is of ${finishedAt}, and key ${keyId} signs nothing since ${before}`,
    });
  });

  test.each(["", "null", "[]", "{}", "no JSON", '"x"', '{"body":1,"signature":2}'])(
    "%j is refused with words",
    (none) => {
      expect(() => parseReceipt(none)).toThrow(NoReceipt);
    },
  );
});

/** The last digit of base64 has bits that no byte needs. */
function nudged(base64: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const last = base64.indexOf("=") - 1;
  return (
    base64.slice(0, last) +
    alphabet.charAt(alphabet.indexOf(base64.charAt(last)) + 1) +
    base64.slice(last + 1)
  );
}

describe("a file of public keys", () => {
  const another = generateKeyPairSync("ed25519").publicKey;

  test("may hold several, with words between them", () => {
    const keys = parsePublicKeys(`of today:\n${spki(key)}of before:\n${spki(another)}`);
    expect(keys.map(spki)).toEqual([key, another].map(spki));
  });

  test.each([
    ["nothing", "", "no public key"],
    ["a key of another kind", spki(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey), "type ec"],
    [
      "a private key",
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      "no public key",
    ],
  ])("with %s is refused", (_, pem, message) => {
    expect(() => parsePublicKeys(pem)).toThrow(message);
  });
});
