/** Unpacks gzip as it arrives, and gives up on what unpacks to far more than it is. */
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { ServiceError } from "../../../domain/errors.ts";

/** Real data seldom goes above 20; the format's own limit is about 1,000. */
const MAX_RATIO = 200;
const RATIO_FROM_BYTES = 1024 * 1024;

/** Rejects with `payload_too_large` above the bounds, and with `invalid_request` for what is no whole gzip stream. */
export async function* gunzip(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  const unpacker = createGunzip();
  let packed = 0;
  let unpacked = 0;
  const counted = async function* () {
    for await (const piece of source) {
      packed += piece.byteLength;
      yield piece;
    }
  };
  const fed = pipeline(counted, unpacker);
  // It rejects with the same error as the unpacker.
  fed.catch(() => {});
  try {
    for await (const piece of unpacker) {
      unpacked += piece.byteLength;
      if (unpacked > maxBytes) throw tooLarge(`must unpack to at most ${maxBytes} bytes`);
      if (unpacked > RATIO_FROM_BYTES && unpacked > unpacker.bytesWritten * MAX_RATIO) {
        throw tooLarge(`must not unpack to more than ${MAX_RATIO} times its size`);
      }
      yield piece;
    }
    await fed;
  } catch (error) {
    if (isZlibError(error)) throw notGzip();
    throw error;
  } finally {
    unpacker.destroy();
  }
  if (packed > unpacker.bytesWritten) throw notGzip();
}

const isZlibError = (error: unknown) =>
  error instanceof Error && "code" in error && String(error.code).startsWith("Z_");

const tooLarge = (message: string) => new ServiceError("payload_too_large", `The request body ${message}`);

const notGzip = () =>
  new ServiceError("invalid_request", "The request body is no whole gzip stream, as Content-Encoding says", {
    issues: [{ field: "Content-Encoding", message: "The body must be one gzip stream and nothing else" }],
  });
