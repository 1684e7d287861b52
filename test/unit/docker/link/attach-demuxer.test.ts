import fc from "fast-check";
import { expect, test } from "vitest";
import { AttachDemuxer } from "../../../../src/docker/link/attach-demuxer.ts";

const header = (stream: number, length: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(stream, 0);
  bytes.writeUInt32BE(length, 4);
  return bytes;
};

test("splits the two streams exactly, however the bytes arrive", () => {
  const part = fc.record({ stream: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 50 }) });
  fc.assert(
    fc.property(fc.array(part), fc.integer({ min: 1, max: 20 }), (parts, step) => {
      const wire = Buffer.concat(
        parts.flatMap(({ stream, data }) => [header(stream, data.length), Buffer.from(data)]),
      );
      const seen: Record<number, Buffer[]> = { 1: [], 2: [] };
      const demuxer = new AttachDemuxer(
        (data) => seen[1]?.push(Buffer.from(data)),
        (data) => seen[2]?.push(Buffer.from(data)),
      );
      for (let at = 0; at < wire.length; at += step) demuxer.write(wire.subarray(at, at + step));
      for (const stream of [1, 2]) {
        const sent = parts.filter((p) => p.stream === stream).map(({ data }) => Buffer.from(data));
        expect(Buffer.concat(seen[stream] ?? []).equals(Buffer.concat(sent))).toBe(true);
      }
    }),
  );
});
