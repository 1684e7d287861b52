/** Text of strangers made safe to print: a name must not move the cursor, retitle the window or hide a part of itself. */

/**
 * C0, DEL, C1; characters that reorder or hide text; lone surrogates. Space is none of them, tab and newline are.
 */
const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

export const escapeText = (text: string): string => text.replace(unsafe, (character) => nameOf(character));

const short: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const nameOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return short[character] ?? (code <= 0xff ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 1)}}`);
};

/** JSON that holds no such character either; it means the same. */
export const toJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, null, indent) ?? "null").replace(unsafe, (character) =>
    character === "\n"
      ? character
      : Array.from({ length: character.length }, (_, i) => `\\u${hex(character.charCodeAt(i), 4)}`).join(""),
  );

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
