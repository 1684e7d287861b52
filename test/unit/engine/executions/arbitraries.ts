/** What programs may write. */
import fc from "fast-check";

const anything = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes));

/** Mostly text of one to four bytes a character, so that cuts go through characters. */
const text = fc
  .string({ unit: fc.constantFrom("a", "\n", "ü", "語", "🐈", "\u0000", "\ufeff", '"', "\\"), maxLength: 8 })
  .map((value) => Buffer.from(value));

/** The beginning or the end of a character. */
const part = fc
  .tuple(fc.constantFrom("ü", "語", "🐈"), fc.integer({ min: 1, max: 3 }), fc.boolean())
  .map(([character, length, fromEnd]) => {
    const bytes = Buffer.from(character);
    return fromEnd ? bytes.subarray(-length) : bytes.subarray(0, length);
  });

export const chunk = fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: part }, anything);
export const chunks = fc.array(chunk, { maxLength: 8 });
