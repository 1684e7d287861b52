/**
 * The wire between service and launcher: `u32 payload length | u8 version | u8 type | u32 sequence
 * | payload`, big-endian. The twin of sandbox-images/launcher/frames.py. What arrives here comes
 * from a sandbox and is not trusted: anything that is no frame is a `FrameError`.
 */

/** Goes up with every change to frames or to what is in them; images carry theirs in a label. */
export const PROTOCOL_VERSION = 2;
const HEADER_BYTES = 10;
export const MAX_PAYLOAD_BYTES = 1 << 20;

/** Frames that the service sends. */
export const toLauncher = { ping: 0x01, run: 0x02, input: 0x03, cancel: 0x04 } as const;

/** Frames that the launcher sends. */
export const fromLauncher = {
  hello: 0x81,
  pong: 0x82,
  started: 0x83,
  stdout: 0x84,
  stderr: 0x85,
  file: 0x86,
  fileData: 0x87,
  exit: 0x88,
  refused: 0x89,
} as const;

export interface Frame {
  type: number;
  payload: Buffer;
}

export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Numbers outgoing frames. */
export class FrameEncoder {
  #sequence = 0;

  encode(type: number, payload: Buffer = Buffer.alloc(0)): Buffer {
    if (payload.length > MAX_PAYLOAD_BYTES) throw new FrameError(`payload of ${payload.length} bytes`);
    const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
    frame.writeUInt32BE(payload.length, 0);
    frame.writeUInt8(PROTOCOL_VERSION, 4);
    frame.writeUInt8(type, 5);
    frame.writeUInt32BE(this.#sequence, 6);
    payload.copy(frame, HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return frame;
  }
}

/** Cuts incoming bytes into frames; holds at most one frame that isn't complete. */
export class FrameDecoder {
  #parts: Buffer[] = [];
  #held = 0;
  #expected = 0;

  /** Throws a FrameError at the first byte that can't belong to a frame. */
  *feed(data: Buffer): Generator<Frame> {
    this.#parts.push(data);
    this.#held += data.length;
    while (this.#held >= HEADER_BYTES) {
      const header = this.#peek(HEADER_BYTES);
      const length = header.readUInt32BE(0);
      this.#check(length, header.readUInt8(4), header.readUInt32BE(6));
      if (this.#held < HEADER_BYTES + length) return;
      const whole = this.#take(HEADER_BYTES + length);
      this.#expected = (this.#expected + 1) >>> 0;
      yield { type: whole.readUInt8(5), payload: whole.subarray(HEADER_BYTES) };
    }
  }

  #check(length: number, version: number, sequence: number): void {
    if (version !== PROTOCOL_VERSION)
      throw new FrameError(`frame version ${version}, expected ${PROTOCOL_VERSION}`);
    if (length > MAX_PAYLOAD_BYTES) throw new FrameError(`frame of ${length} bytes`);
    if (sequence !== this.#expected) throw new FrameError(`frame ${sequence}, expected ${this.#expected}`);
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
