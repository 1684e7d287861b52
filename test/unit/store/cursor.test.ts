import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCursor, toCursor } from "../../../src/store/cursor.ts";

describe("a cursor", () => {
  test("leads back to where it was made, whatever the id is made of", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string({ unit: "grapheme" }), (createdAt, id) => {
        expect(parseCursor(toCursor({ createdAt, id }))).toEqual({ createdAt, id });
      }),
    );
  });

  test("survives an address", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), (createdAt, id) => {
        const cursor = toCursor({ createdAt, id });
        expect(encodeURIComponent(cursor)).toBe(cursor);
      }),
    );
  });

  test("is refused, by the name of its field, where we did not make it", () => {
    const refused = { code: "invalid_request", issues: [{ field: "cursor" }] };
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        let position: unknown;
        try {
          position = parseCursor(text);
        } catch (error) {
          expect(error).toMatchObject(refused);
          return;
        }
        // Few strings are one by chance; those are exactly what we would have made.
        expect(toCursor(position as { createdAt: number; id: string })).toBe(text);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["no base64", "§"],
    ["padding", `${toCursor({ createdAt: 10, id: "exe_1" })}=`],
    ["no time", Buffer.from("x.exe_1").toString("base64url")],
    ["a leading zero", Buffer.from("01.exe_1").toString("base64url")],
    ["a negative time", Buffer.from("-1.exe_1").toString("base64url")],
    ["a time that no number holds", Buffer.from("9999999999999999.exe_1").toString("base64url")],
    ["bytes that are no text", Buffer.from("1.\xff", "latin1").toString("base64url")],
  ])("with %s is refused", (_, cursor) => {
    expect(() => parseCursor(cursor)).toThrow("not one of ours");
  });
});
