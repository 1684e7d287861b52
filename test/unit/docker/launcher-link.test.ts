import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { toLauncher } from "../../../src/docker/frames.ts";
import { LauncherLink } from "../../../src/docker/launcher-link.ts";

/** A stream that takes nothing, so that every larger write waits. */
const stuck = () => new Duplex({ read: () => {}, write: () => {}, writableHighWaterMark: 1 });

describe("a send that waits", () => {
  test("ends without a fault when the stream fails, and `closed` and the complaint tell of it", async () => {
    const stream = stuck();
    const link = new LauncherLink(stream);
    const sent = link.send(toLauncher.input, Buffer.alloc(100));
    stream.destroy(new Error("the engine went away"));
    await expect(sent).resolves.toBeUndefined();
    await link.closed;
    expect(link.complaint).toContain("the engine went away");
    expect(await link.next()).toBeUndefined();
  });

  test("ends when the stream is closed", async () => {
    const stream = stuck();
    const link = new LauncherLink(stream);
    const sent = link.send(toLauncher.input, Buffer.alloc(100));
    link.close();
    await expect(sent).resolves.toBeUndefined();
  });
});

test("bytes that are no frame end the link, with the reason", async () => {
  const stream = stuck();
  const link = new LauncherLink(stream);
  stream.push(Buffer.from([1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 99, 1, 0, 0, 0, 0]));
  expect(await link.next()).toBeUndefined();
  expect(link.complaint).toContain("frame version 99");
});
