/** How deep JSON is nested, told from its bytes: a parser that is given millions of `[` is busy for many seconds. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Strings up to here are cheaper to walk than to search. */
const NEAR = 64;

/** Whether arrays and objects are nested deeper than that. What is no JSON has some answer too; it is linear. */
export const isDeeperThan = (json: Buffer, max: number): boolean => {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at + 1);
    // [ and {, then ] and }: they differ in one bit.
    else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      if (depth > max) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return false;
};

/** Where the quote is that ends it; the end of everything where none does. */
const endOfString = (json: Buffer, from: number): number => {
  let at = from;
  for (;;) {
    const near = Math.min(at + NEAR, json.length);
    for (; at < near; at += 1) {
      if (json[at] === QUOTE) return at;
      if (json[at] === BACKSLASH) at += 1;
    }
    if (at >= json.length) return json.length;
    const quote = json.indexOf(QUOTE, at);
    if (quote < 0) return json.length;
    let before = quote;
    while (before > at && json[before - 1] === BACKSLASH) before -= 1;
    if ((quote - before) % 2 === 0) return quote;
    at = quote + 1;
  }
};
