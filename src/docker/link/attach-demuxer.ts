/** Splits the engine's attach stream: `u8 stream | 3 zero bytes | u32 length | bytes`, repeated. */

const HEADER_BYTES = 8;
const STDOUT = 1;

export class AttachDemuxer {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #left = 0;
  readonly #onStdout: (data: Buffer) => void;
  readonly #onStderr: (data: Buffer) => void;

  constructor(onStdout: (data: Buffer) => void, onStderr: (data: Buffer) => void) {
    this.#onStdout = onStdout;
    this.#onStderr = onStderr;
  }

  write(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) {
      rest = this.#left > 0 ? this.#body(rest) : this.#head(rest);
    }
  }

  #head(data: Buffer): Buffer {
    const taken = data.copy(this.#header, this.#headerBytes, 0, HEADER_BYTES - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#left = this.#header.readUInt32BE(4);
      this.#headerBytes = 0;
    }
    return data.subarray(taken);
  }

  #body(data: Buffer): Buffer {
    const part = data.subarray(0, this.#left);
    this.#left -= part.length;
    if (this.#header[0] === STDOUT) this.#onStdout(part);
    else this.#onStderr(part);
    return data.subarray(part.length);
  }
}
