import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Piece, TextPieces } from "../../../../src/engine/executions/text-pieces.ts";
import { chunks } from "./arbitraries.ts";

const cut = (given: Buffer[]): Piece[] => {
  const pieces = new TextPieces();
  const told = given.map((chunk) => pieces.push(chunk));
  return [...told, pieces.end()].filter((piece) => piece !== undefined);
};

const joined = (pieces: Piece[]) => Buffer.concat(pieces.map(({ bytes }) => bytes));

describe("pieces of any bytes, cut anywhere", () => {
  test("together are exactly those bytes", () => {
    fc.assert(
      fc.property(chunks, (given) => {
        expect(joined(cut(given))).toEqual(Buffer.concat(given));
      }),
    );
  });

  test("are called text only where they are UTF-8, and are never empty", () => {
    fc.assert(
      fc.property(chunks, (given) => {
        for (const { bytes, text } of cut(given)) {
          expect(bytes.length).toBeGreaterThan(0);
          if (text) expect(isUtf8(bytes)).toBe(true);
        }
      }),
    );
  });

  test("hold back no more than the three bytes that may begin a character", () => {
    fc.assert(
      fc.property(chunks, (given) => {
        const pieces = new TextPieces();
        let held = 0;
        for (const chunk of given) {
          held += chunk.length - (pieces.push(chunk)?.bytes.length ?? 0);
          expect(held).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});

test("text that is cut anywhere stays text, and no character is cut", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "ü", "語", "🐈", "\u0000", "\ufeff"), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(160)), (whole, cuts) => {
      const bytes = Buffer.from(whole);
      const ends = [...new Set(cuts.map((end) => end % (bytes.length + 1)))].sort((a, b) => a - b);
      const given = [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      const pieces = cut(given);
      expect(pieces.every((piece) => piece.text)).toBe(true);
      expect(pieces.map((piece) => piece.bytes.toString()).join("")).toBe(whole);
    }),
  );
});

test.each([
  ["a character that never gets its rest", [0x61, 0xf0, 0x9f, 0x90], [true, false]],
  ["a byte that begins nothing", [0x61, 0xff], [false]],
  ["a surrogate", [0xed, 0xa0, 0x80], [false]],
])("%s is no text", (_, bytes, texts) => {
  expect(cut([Buffer.from(bytes)]).map(({ text }) => text)).toEqual(texts);
});
