import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteLog } from "../../../../src/docker/run/byte-log.ts";

test("gives back what it was given, in pieces of any size", () => {
  const piece = fc.oneof(
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 4000, max: 5000 }),
    fc.integer({ min: 60_000, max: 70_000 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (sizes) => {
      const log = new ByteLog();
      const pieces = sizes.map((size, index) => Buffer.alloc(size, index));
      for (const one of pieces) log.add(one);
      expect(log.all().equals(Buffer.concat(pieces))).toBe(true);
    }),
    { numRuns: 50 },
  );
});
