import { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Frame, FrameEncoder, toLauncher } from "../../../../src/docker/link/frames.ts";
import { LauncherLink } from "../../../../src/docker/link/launcher-link.ts";

/** A stream that takes nothing, so that every larger write waits. */
const stuck = () => new Duplex({ read: () => {}, write: () => {}, writableHighWaterMark: 1 });

const nothing = () => {};

const attached = (data: Buffer) => {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
};

describe("a send that waits", () => {
  test("ends without a fault when the stream fails, and `closed` and the complaint tell of it", async () => {
    const stream = stuck();
    const link = new LauncherLink(stream, nothing);
    const sent = link.send(toLauncher.input, Buffer.alloc(100));
    stream.destroy(new Error("the engine went away"));
    await expect(sent).resolves.toBeUndefined();
    await link.closed;
    expect(link.complaint).toContain("the engine went away");
    expect(link.fault).toBeUndefined();
  });

  test("ends when the stream is closed", async () => {
    const link = new LauncherLink(stuck(), nothing);
    const sent = link.send(toLauncher.input, Buffer.alloc(100));
    link.close();
    await expect(sent).resolves.toBeUndefined();
  });
});

describe("what ends a link as the launcher's fault", () => {
  test("bytes that are no frame", async () => {
    const stream = stuck();
    const link = new LauncherLink(stream, nothing);
    stream.push(attached(Buffer.from([0, 0, 0, 0, 99, 1, 0, 0, 0, 0])));
    await link.closed;
    expect(link.fault?.message).toContain("frame version 99");
    expect(link.complaint).toContain("frame version 99");
  });

  test("a frame that its user can't take; none after it is given out", async () => {
    const stream = stuck();
    const seen: number[] = [];
    const link = new LauncherLink(stream, ({ type }) => {
      seen.push(type);
      throw new Error("not that");
    });
    const encoder = new FrameEncoder();
    stream.push(attached(Buffer.concat([encoder.encode(1), encoder.encode(2)])));
    await link.closed;
    expect(link.fault?.message).toBe("not that");
    expect(seen).toEqual([1]);
  });
});

test("a launcher's complaints are kept, up to a bound", async () => {
  const stream = stuck();
  const link = new LauncherLink(stream, nothing);
  const complaint = attached(Buffer.from("x".repeat(20_000)));
  complaint.writeUInt8(2, 0);
  stream.push(complaint);
  stream.push(null);
  await link.closed;
  expect(link.complaint).toHaveLength(16 * 1024);
});

test("a link to a launcher that is up ignores everything up to the nonce, however it arrives", async () => {
  const nonce = Buffer.from("0123456789abcdef");
  const bytes = fc.uint8Array({ maxLength: 40 }).map((data) => Buffer.from(data));
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.integer({ min: 1, max: 50 }),
      fc.nat({ max: 16 }),
      async (before, step, half) => {
        const stream = new Duplex({ read: () => {}, write: (_data, _encoding, done) => done() });
        const frames: Frame[] = [];
        const link = new LauncherLink(stream, (frame) => frames.push(frame));
        link.resume(nonce);
        const encoder = new FrameEncoder();
        const all = Buffer.concat([
          before,
          nonce.subarray(0, half),
          nonce,
          encoder.encode(0x8b, Buffer.from("{}")),
          encoder.encode(0x82),
        ]);
        // As half a nonce followed by the whole one may be one that begins earlier.
        fc.pre(all.indexOf(nonce) === before.length + half);
        for (let at = 0; at < all.length; at += step) stream.push(attached(all.subarray(at, at + step)));
        stream.push(null);
        await link.closed;
        expect(link.fault).toBeUndefined();
        expect(frames.map(({ type }) => type)).toEqual([0x8b, 0x82]);
      },
    ),
  );
});
