/** Output comes in pieces cut anywhere; text must not be cut inside a character. */
import { isUtf8 } from "node:buffer";

export interface Piece {
  bytes: Buffer;
  /** Whether the bytes are UTF-8. */
  text: boolean;
}

/**
 * Makes pieces of one stream of bytes: a character that a cut went through is held back until the rest of it
 * comes. All pieces together are exactly what was pushed; the same pushes always make the same pieces.
 */
export class TextPieces {
  #held: Buffer = Buffer.alloc(0);

  push(data: Buffer): Piece | undefined {
    const all = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
    const tail = unfinishedBytes(all);
    const bytes = all.subarray(0, all.length - tail);
    // A copy: the three bytes must not keep the whole chunk alive.
    this.#held = Buffer.from(all.subarray(all.length - tail));
    return bytes.length === 0 ? undefined : { bytes, text: isUtf8(bytes) };
  }

  /** What was held back and never got its rest. */
  end(): Piece | undefined {
    const bytes = this.#held;
    this.#held = Buffer.alloc(0);
    return bytes.length === 0 ? undefined : { bytes, text: false };
  }
}

/** How many bytes at the end begin a character that is not whole: 0 to 3. */
const unfinishedBytes = (data: Buffer): number => {
  for (let back = 1; back <= Math.min(3, data.length); back += 1) {
    const byte = data[data.length - back] ?? 0;
    if (byte >= 0x80 && byte < 0xc0) continue;
    const length = byte >= 0xf0 && byte < 0xf8 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return byte < 0xf8 && length > back ? back : 0;
  }
  return 0;
};
