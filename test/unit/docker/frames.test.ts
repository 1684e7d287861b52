import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Frame,
  FrameDecoder,
  FrameEncoder,
  FrameError,
  MAX_PAYLOAD_BYTES,
} from "../../../src/docker/frames.ts";

const cut = (bytes: Buffer, at: number[]): Buffer[] => {
  const points = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return points.slice(1).map((point, index) => bytes.subarray(points[index], point));
};

const frames = fc.array(
  fc.record({ type: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 300 }) }),
  { maxLength: 20 },
);

const encodeAll = (list: { type: number; payload: Uint8Array }[]) => {
  const encoder = new FrameEncoder();
  return Buffer.concat(list.map(({ type, payload }) => encoder.encode(type, Buffer.from(payload))));
};

const decodeAll = (parts: Buffer[]): Frame[] => {
  const decoder = new FrameDecoder();
  return parts.flatMap((part) => [...decoder.feed(part)]);
};

describe("frames", () => {
  test("come out as they went in, however the stream is cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), (list, at) => {
        const out = decodeAll(cut(encodeAll(list), at));
        expect(out.map(({ type, payload }) => ({ type, payload: [...payload] }))).toEqual(
          list.map(({ type, payload }) => ({ type, payload: [...payload] })),
        );
      }),
    );
  });

  test("bytes of a hostile sandbox are frames or a FrameError, nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (parts) => {
        try {
          decodeAll(parts.map((part) => Buffer.from(part)));
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });

  test("one flipped bit of a header is noticed or changes only the type", () => {
    const bytes = encodeAll([
      { type: 1, payload: Buffer.from("abc") },
      { type: 2, payload: Buffer.from("") },
    ]);
    fc.assert(
      fc.property(fc.nat({ max: 79 }), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        let out: Frame[] = [];
        try {
          out = decodeAll([flipped]);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
          return;
        }
        if (bit >> 3 === 5) expect(out).toHaveLength(2);
        else expect(out.length).toBeLessThan(2);
      }),
    );
  });

  test.each([
    ["a longer payload than allowed", (frame: Buffer) => frame.writeUInt32BE(MAX_PAYLOAD_BYTES + 1, 0)],
    ["another version", (frame: Buffer) => frame.writeUInt8(99, 4)],
    ["a frame that is repeated or left out", (frame: Buffer) => frame.writeUInt32BE(1, 6)],
  ])("%s is refused", (_, spoil) => {
    const frame = new FrameEncoder().encode(1);
    spoil(frame);
    expect(() => decodeAll([frame])).toThrow(FrameError);
  });

  test("the launcher's twin speaks the same bytes", ({ skip }) => {
    const launcher = join(import.meta.dirname, "../../../sandbox-images/launcher");
    const script = `
import sys; sys.path.insert(0, ${JSON.stringify(launcher)})
import frames
decoder = frames.Decoder(); encoder = frames.Encoder()
for kind, payload in decoder.feed(sys.stdin.buffer.read()):
    sys.stdout.buffer.write(encoder.encode(kind, payload))
`;
    const bytes = encodeAll([
      { type: 1, payload: Buffer.from([0, 255, 10]) },
      { type: 0x84, payload: Buffer.alloc(70_000, 7) },
    ]);
    const { error, stdout } = spawnSync("python3", ["-c", script], { input: bytes, maxBuffer: 1 << 20 });
    // The same twin is exercised inside the image by every integration test.
    if (error) return skip("this host has no python3");
    expect(stdout.equals(bytes)).toBe(true);
  });
});
