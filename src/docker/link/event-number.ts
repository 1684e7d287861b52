/** Events of runs: each payload begins with a `u64 number`. */
import { type Frame, FrameError, fromLauncher } from "./frames.ts";

const NUMBER_BYTES = 8;
const HIGHEST = 2 ** 21;

export interface RunFrame extends Frame {
  number: number;
}

export const isEvent = ({ type }: Frame): boolean =>
  type >= fromLauncher.started && type <= fromLauncher.refused;

/** Whether nothing of the run comes after it. */
export const isLast = ({ type }: Frame): boolean =>
  type === fromLauncher.exit || type === fromLauncher.refused;

export const toRunFrame = ({ type, payload }: Frame): RunFrame => ({
  type,
  number: readU64(payload),
  payload: payload.subarray(NUMBER_BYTES),
});

/** Throws a FrameError where there is no such number, or none that we can count with. */
export const readU64 = (payload: Buffer, at = 0): number => {
  if (payload.length < at + NUMBER_BYTES) throw new FrameError("a payload without its number");
  const high = payload.readUInt32BE(at);
  if (high >= HIGHEST) throw new FrameError("a number that is too high");
  return high * 2 ** 32 + payload.readUInt32BE(at + 4);
};

export const toU64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
