/** The decoder of the launcher's side, which finds the next stream where one was cut off: the twin of Decoder in frames.py. */
import { crc32 } from "node:zlib";
import { MAX_TO_LAUNCHER_BYTES, PROTOCOL_VERSION } from "../../src/docker/link/frames.ts";

const HEADER_BYTES = 10;
const PADDING = 0xff;
const RESYNC_BYTES = 64;

export class LauncherDecoder {
  #buffer = Buffer.alloc(0);
  #expected = 0;
  #lost = false;
  #padded = 0;

  /** Yields frames, and "cut" where a request of which a part had arrived is void. */
  *feed(data: Buffer): Generator<{ type: number; payload: Buffer } | "cut"> {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      if (this.#lost && !this.#findPadding()) return;
      if (this.#skipPadding()) yield "cut";
      if (this.#buffer.length < HEADER_BYTES) return;
      const length = this.#buffer.readUInt32BE(0);
      const end = HEADER_BYTES + length;
      if (this.#buffer.readUInt8(4) !== PROTOCOL_VERSION || length > MAX_TO_LAUNCHER_BYTES) {
        this.#lost = true;
        yield "cut";
        continue;
      }
      if (this.#buffer.length < end + 4) return;
      const frame = this.#buffer.subarray(0, end);
      const isSound =
        crc32(frame) === this.#buffer.readUInt32BE(end) && frame.readUInt32BE(6) === this.#expected;
      this.#buffer = this.#buffer.subarray(end + 4);
      if (!isSound) {
        this.#lost = true;
        yield "cut";
        continue;
      }
      this.#expected += 1;
      yield { type: frame.readUInt8(5), payload: Buffer.from(frame.subarray(HEADER_BYTES)) };
    }
  }

  #findPadding(): boolean {
    const at = this.#buffer.indexOf(Buffer.alloc(RESYNC_BYTES, PADDING));
    if (at === -1) {
      this.#buffer = this.#buffer.subarray(Math.max(0, this.#buffer.length - RESYNC_BYTES + 1));
      return false;
    }
    this.#buffer = this.#buffer.subarray(at);
    this.#lost = false;
    return true;
  }

  #skipPadding(): boolean {
    const end = this.#buffer.findIndex((byte) => byte !== PADDING);
    const length = end === -1 ? this.#buffer.length : end;
    const before = this.#padded;
    this.#padded += length;
    this.#buffer = this.#buffer.subarray(length);
    const isFresh = before < RESYNC_BYTES && this.#padded >= RESYNC_BYTES;
    if (isFresh) this.#expected = 0;
    if (this.#buffer.length > 0) this.#padded = 0;
    return isFresh;
  }
}
