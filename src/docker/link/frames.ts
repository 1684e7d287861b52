/**
 * The wire between service and launcher, see docs/protocol.md: `u32 payload length | u8 version |
 * u8 type | u32 sequence | payload | u32 crc32`, big-endian. The twin of
 * sandbox-images/launcher/frames.py. What arrives here comes from a sandbox and is not trusted:
 * anything that is no frame is a `FrameError`.
 */
import { crc32 } from "node:zlib";

/** Goes up with every change to frames or to what is in them; images carry theirs in a label. */
export const PROTOCOL_VERSION = 4;
const HEADER_BYTES = 10;
const CHECKSUM_BYTES = 4;
const PADDING = 0xff;
/** What a payload may have at most, towards the launcher and from it. */
export const MAX_TO_LAUNCHER_BYTES = 65_536;
export const MAX_FROM_LAUNCHER_BYTES = 1 << 20;

/** Frames that the service sends. */
export const toLauncher = {
  ping: 0x01,
  run: 0x02,
  input: 0x03,
  cancel: 0x04,
  resume: 0x05,
  ack: 0x06,
  interrupt: 0x07,
  call: 0x09,
} as const;

/** Frames that the launcher sends. */
export const fromLauncher = {
  hello: 0x81,
  pong: 0x82,
  started: 0x83,
  stdout: 0x84,
  stderr: 0x85,
  value: 0x86,
  valueData: 0x87,
  exit: 0x88,
  refused: 0x89,
  result: 0x8a,
  resumed: 0x8b,
} as const;

export interface Frame {
  type: number;
  payload: Buffer;
}

export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Completes whatever frame an older stream was cut off in, and then tells that a new one begins. */
export const paddingForResume = (): Buffer =>
  Buffer.alloc(MAX_TO_LAUNCHER_BYTES + HEADER_BYTES + CHECKSUM_BYTES + 128, PADDING);

/** Numbers outgoing frames. */
export class FrameEncoder {
  readonly #maxBytes: number;
  #sequence = 0;

  constructor(maxBytes: number = MAX_TO_LAUNCHER_BYTES) {
    this.#maxBytes = maxBytes;
  }

  encode(type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    if (payload.length > this.#maxBytes) throw new FrameError(`payload of ${payload.length} bytes`);
    const checked = HEADER_BYTES + payload.length;
    const frame = Buffer.allocUnsafe(checked + CHECKSUM_BYTES);
    frame.writeUInt32BE(payload.length, 0);
    frame.writeUInt8(PROTOCOL_VERSION, 4);
    frame.writeUInt8(type, 5);
    frame.writeUInt32BE(this.#sequence, 6);
    payload.copy(frame, HEADER_BYTES);
    frame.writeUInt32BE(crc32(frame.subarray(0, checked)), checked);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return frame;
  }
}

/** Cuts incoming bytes into frames; holds at most one frame that isn't complete. */
export class FrameDecoder {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #held = 0;
  #expected = 0;

  constructor(maxBytes: number = MAX_FROM_LAUNCHER_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Throws a FrameError at the first byte that can't belong to a frame. */
  *feed(data: Buffer): Generator<Frame> {
    if (data.length === 0) return;
    this.#parts.push(data);
    this.#held += data.length;
    for (;;) {
      this.#skipPadding();
      if (this.#held < HEADER_BYTES) return;
      const header = this.#peek(HEADER_BYTES);
      const length = header.readUInt32BE(0);
      this.#check(length, header.readUInt8(4), header.readUInt32BE(6));
      const checked = HEADER_BYTES + length;
      if (this.#held < checked + CHECKSUM_BYTES) return;
      const whole = this.#take(checked + CHECKSUM_BYTES);
      if (crc32(whole.subarray(0, checked)) !== whole.readUInt32BE(checked)) {
        throw new FrameError(`frame ${this.#expected} with a wrong checksum`);
      }
      this.#expected = (this.#expected + 1) >>> 0;
      yield { type: whole.readUInt8(5), payload: whole.subarray(HEADER_BYTES, checked) };
    }
  }

  #check(length: number, version: number, sequence: number): void {
    if (version !== PROTOCOL_VERSION)
      throw new FrameError(`frame version ${version}, expected ${PROTOCOL_VERSION}`);
    if (length > this.#maxBytes) throw new FrameError(`frame of ${length} bytes`);
    if (sequence !== this.#expected) throw new FrameError(`frame ${sequence}, expected ${this.#expected}`);
  }

  /** No frame begins with this byte: its length would be too much. */
  #skipPadding(): void {
    for (let [first] = this.#parts; first?.[0] === PADDING; [first] = this.#parts) {
      const end = first.findIndex((byte) => byte !== PADDING);
      this.#take(end === -1 ? first.length : end);
    }
  }

  #peek(length: number): Buffer {
    const [first] = this.#parts;
    if (first && first.length >= length) return first;
    this.#parts = [Buffer.concat(this.#parts, this.#held)];
    return this.#parts[0] ?? Buffer.alloc(0);
  }

  #take(length: number): Buffer {
    const all = this.#peek(length);
    const rest = all.subarray(length);
    this.#parts = rest.length > 0 ? [rest, ...this.#parts.slice(1)] : this.#parts.slice(1);
    this.#held -= length;
    return all.subarray(0, length);
  }
}
