import { spawnSync } from "node:child_process";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Frame,
  FrameDecoder,
  FrameEncoder,
  FrameError,
  MAX_FROM_LAUNCHER_BYTES,
  MAX_TO_LAUNCHER_BYTES,
  paddingForResume,
  toLauncher,
} from "../../../../src/docker/link/frames.ts";
import { LauncherDecoder } from "../../../support/launcher-decoder.ts";

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

  test("one flipped bit is noticed", () => {
    const bytes = encodeAll([
      { type: 1, payload: Buffer.from("abc") },
      { type: 2, payload: Buffer.from("") },
    ]);
    fc.assert(
      fc.property(fc.nat({ max: 8 * bytes.length - 1 }), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        let out: Frame[] = [];
        try {
          out = decodeAll([flipped]);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
          return;
        }
        expect(out.length).toBeLessThan(2);
      }),
    );
  });

  test("padding between frames is passed over", () => {
    const encoder = new FrameEncoder();
    const padding = Buffer.alloc(100, 0xff);
    const bytes = Buffer.concat([
      padding,
      encoder.encode(1),
      padding,
      encoder.encode(2, Buffer.from([0xff])),
      padding,
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat()), (at) => {
        expect(decodeAll(cut(bytes, at)).map(({ type }) => type)).toEqual([1, 2]);
      }),
    );
  });

  test("what is too long for a launcher is never encoded", () => {
    const long = Buffer.alloc(MAX_TO_LAUNCHER_BYTES + 1);
    expect(() => new FrameEncoder().encode(1, long)).toThrow(FrameError);
    expect(new FrameEncoder().encode(1, long.subarray(1))).toHaveLength(MAX_TO_LAUNCHER_BYTES + 14);
  });

  test.each([
    ["a longer payload than allowed", (frame: Buffer) => frame.writeUInt32BE(MAX_FROM_LAUNCHER_BYTES + 1, 0)],
    ["another version", (frame: Buffer) => frame.writeUInt8(99, 4)],
    ["a frame that is repeated or left out", (frame: Buffer) => frame.writeUInt32BE(1, 6)],
    ["a wrong checksum", (frame: Buffer) => frame.writeUInt32BE(frame.readUInt32BE(10) ^ 1, 10)],
  ])("%s is refused", (_, spoil) => {
    const frame = new FrameEncoder().encode(1);
    spoil(frame);
    expect(() => decodeAll([frame])).toThrow(FrameError);
  });

  test("the launcher's twin speaks the same bytes", ({ skip }) => {
    const script = `${importFrames}
decoder = frames.Decoder(); encoder = frames.Encoder()
for kind, payload in decoder.feed(sys.stdin.buffer.read()):
    sys.stdout.buffer.write(encoder.encode(kind, payload))
`;
    const bytes = encodeAll([
      { type: 1, payload: Buffer.from([0, 255, 10]) },
      { type: 0x84, payload: Buffer.alloc(60_000, 7) },
    ]);
    const { error, stdout } = spawnSync("python3", ["-c", script], { input: bytes, maxBuffer: 1 << 20 });
    // The same twin is exercised inside the image by every integration test.
    if (error) return skip("this host has no python3");
    expect(stdout.equals(bytes)).toBe(true);
  });
});

const importFrames = `
import sys; sys.path.insert(0, ${JSON.stringify(join(import.meta.dirname, "../../../../sandbox-images/launcher"))})
import frames`;

describe("a stream that was cut off anywhere, padding, and RESUME", () => {
  const nonce = Buffer.alloc(16, 0xab);
  const sent = [
    { type: toLauncher.run, payload: Buffer.from('{"headBytes":12}') },
    { type: toLauncher.input, payload: Buffer.alloc(300, 0xff) },
    { type: toLauncher.ping, payload: Buffer.alloc(0) },
    { type: toLauncher.input, payload: Buffer.from([0, 0, 0, 1, 3, 255, 255, 255]) },
  ];
  const bytes = encodeAll(sent);
  const rest = Buffer.concat([
    paddingForResume(),
    encodeAll([
      { type: toLauncher.resume, payload: nonce },
      { type: toLauncher.ping, payload: Buffer.from("after") },
    ]),
  ]);
  const resumed = [
    { type: toLauncher.resume, payload: nonce },
    { type: toLauncher.ping, payload: Buffer.from("after") },
  ];
  const wholeFrames = (length: number) => {
    const ends = sent.map((_, index) => encodeAll(sent.slice(0, index + 1)).length);
    // A checksum that only lacked bytes which padding has is whole after all.
    return sent.slice(
      0,
      ends.filter((end) => bytes.subarray(length, end).every((byte) => byte === 0xff)).length,
    );
  };

  test("is understood by the launcher's decoder", () => {
    for (let length = 0; length <= bytes.length; length += 1) {
      const decoder = new LauncherDecoder();
      const out = [...decoder.feed(bytes.subarray(0, length)), ...decoder.feed(rest)];
      const [last] = out.filter((one) => one === "cut").slice(-1);
      expect(last).toBe("cut");
      expect(out.filter((one) => one !== "cut")).toEqual([...wholeFrames(length), ...resumed]);
    }
  });

  test("also where it was cut in the longest frame, and comes in pieces", () => {
    const long = encodeAll([{ type: toLauncher.input, payload: Buffer.alloc(MAX_TO_LAUNCHER_BYTES, 0xff) }]);
    fc.assert(
      fc.property(fc.nat({ max: long.length - 5 }), fc.array(fc.nat(), { maxLength: 5 }), (length, at) => {
        const decoder = new LauncherDecoder();
        const all = Buffer.concat([long.subarray(0, length), rest]);
        const out = cut(all, at).flatMap((part) => [...decoder.feed(part)]);
        expect(out.filter((one) => one !== "cut")).toEqual(resumed);
      }),
      { numRuns: 50 },
    );
  });

  test("is understood by the launcher itself", ({ skip }) => {
    const script = `${importFrames}
rest = sys.stdin.buffer.read()
data, rest = rest[:${bytes.length}], rest[${bytes.length}:]
for length in range(len(data) + 1):
    decoder = frames.Decoder()
    out = [*decoder.feed(data[:length]), *decoder.feed(rest)]
    print([kind for kind, _ in out if kind != frames.CUT])
`;
    const { error, stdout } = spawnSync("python3", ["-c", script], { input: Buffer.concat([bytes, rest]) });
    if (error) return skip("this host has no python3");
    const lines = stdout.toString().trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      Array.from({ length: bytes.length + 1 }, (_, length) =>
        [...wholeFrames(length), ...resumed].map(({ type }) => type),
      ),
    );
  });
});
