/** What only shows over a real connection: addresses as they are sent, cut answers, callers who leave. */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { BASE, fileService, listen } from "./file-service.ts";

const MiB = 1024 * 1024;

const serve = async (change: Parameters<typeof fileService>[0] = {}) => {
  const service = fileService(change);
  // What the server would print of answers that break off.
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  const { origin, port } = await listen(service.app, onTestFinished);
  return { ...service, origin, port, printed };
};

/** Sends the path as it is, which `fetch` would not. */
const send = async (port: number, method: string, path: string, body = "") => {
  const sent = request({ port, method, path, host: "127.0.0.1" });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, text: await text(response) };
};

/** Everything that comes over a plain connection, until it ends. */
const rawAnswer = async (port: number, lines: string[]): Promise<Buffer> => {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const pieces: Buffer[] = [];
  socket.on("data", (piece) => pieces.push(piece));
  await once(socket, "close");
  return Buffer.concat(pieces);
};

describe("an address", () => {
  test.each([
    [`${BASE}/../files/x`],
    [`${BASE}/a/../x`],
    [`${BASE}/a/%2e%2e/x`],
    [`${BASE}/%2E%2E/files/x`],
    [`${BASE}/../../ses_2/files/../../ses_1/files/x`],
    [`${BASE}/./x`],
    [`${BASE}/%2fx`],
    [`${BASE}/a%00`],
    [`${BASE}/a%5cb`],
    [`${BASE}/a\\b`],
    [`${BASE}/a%zz`],
    [`${BASE}/%ff`],
    [`http://127.0.0.1${BASE}/a/../x`],
  ])("%s is refused as it is", async (path) => {
    const { files, port } = await serve();
    files.put("x", "secret");
    const { status, text } = await send(port, "GET", path);
    expect(status).toBe(400);
    expect(text).not.toContain("secret");
    expect((await send(port, "PUT", path, "changed")).status).toBe(400);
    expect(files.asked).toEqual([]);
  });

  test.each([
    ["a b", "a%20b"],
    ["%2e%2e", "%252e%252e"],
    ["é", "%C3%A9"],
    ["e\u0301", "e%CC%81"],
    ["x.", "x."],
    ["a/b", "a%2Fb"],
    ["a/b/c", "a/b%2fc"],
    ["a%2Fb", "a%252Fb"],
  ])("of %s is decoded once", async (name, path) => {
    const { files, port } = await serve();
    expect((await send(port, "PUT", `${BASE}/${path}`, "bytes")).status).toBe(201);
    expect([...files.nodes.keys()].at(-1)).toBe(name);
    expect((await send(port, "GET", `${BASE}/${path}`)).text).toBe("bytes");
  });
});

describe("answers", () => {
  test("HEAD has the size and opens nothing", async () => {
    const { files, port } = await serve();
    files.put("x", "12345");
    let opened = 0;
    files.beforeRead = () => {
      opened += 1;
    };
    const { status, headers, text } = await send(port, "HEAD", `${BASE}/x`);
    expect([status, headers["content-length"], text]).toEqual([200, "5", ""]);
    expect(opened).toBe(0);
  });

  test.each([["file"], ["archive"]])(
    "a %s that changes is cut off, with nothing made up in it",
    async (kind) => {
      const { files, port, printed, errors } = await serve({ caps: { downloadBytes: 100 * MiB } });
      files.put("x", "x".repeat(20 * MiB));
      files.beforePiece = (path, pieces) => {
        const node = files.nodes.get(path);
        if (pieces === 200 && node?.type === "file") node.content = Buffer.alloc(20 * MiB);
      };
      const target = kind === "file" ? `${BASE}/x` : BASE;
      const accept = kind === "file" ? [] : ["Accept: application/x-tar"];
      const answer = await rawAnswer(port, [`GET ${target} HTTP/1.1`, "Host: a", ...accept]);
      expect(answer.toString("latin1", 0, 15)).toBe("HTTP/1.1 200 OK");
      expect(answer.length).toBeLessThan(20 * MiB);
      // Neither an error's text, nor the end mark of a chunked body.
      expect(answer.toString("latin1", answer.length - 1000)).not.toMatch(/Error|changed|\r\n0\r\n\r\n$/);
      expect(files.open).toBe(0);
      expect(errors).toEqual([]);
      expect(printed).not.toHaveBeenCalled();
    },
  );

  test("a caller who takes nothing holds back the reading, and is cut off at the end of its time", async () => {
    const { files, port, clock, printed } = await serve({ caps: { downloadBytes: 100 * MiB, ms: 1000 } });
    files.put("x", "x".repeat(50 * MiB));
    let read = 0;
    files.beforePiece = () => {
      read += 1;
    };
    const sent = request({ port, path: `${BASE}/x`, host: "127.0.0.1" }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.pause();
    // The buffers on the way fill up, and then nothing moves.
    let before = -1;
    const stands = () => {
      const same = read === before;
      before = read;
      return same;
    };
    await expect.poll(stands, { interval: 200 }).toBe(true);
    expect(read).toBeLessThan(800);
    expect(files.open).toBe(1);
    const cut = once(response, "error");
    await clock.advance(1000);
    response.resume();
    await cut;
    await expect.poll(() => files.open).toBe(0);
    expect(printed).not.toHaveBeenCalled();
  });

  test("a caller who leaves in the middle of an answer closes the file", async () => {
    const { files, port, printed } = await serve({ caps: { downloadBytes: 100 * MiB } });
    files.put("x", "x".repeat(50 * MiB));
    const sent = request({ port, path: `${BASE}/x`, host: "127.0.0.1" }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.on("error", () => {});
    expect(files.open).toBe(1);
    response.destroy();
    await expect.poll(() => files.open).toBe(0);
    expect(printed).not.toHaveBeenCalled();
  });
});

describe("uploads", () => {
  test("a caller who leaves in the middle leaves nothing behind", async () => {
    const { files, port } = await serve();
    const socket = connect(port, "127.0.0.1");
    socket.write(`PUT ${BASE}/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n0123456789`);
    await expect.poll(() => files.open).toBe(1);
    socket.destroy();
    await expect.poll(() => files.open).toBe(0);
    expect(files.nodes.size).toBe(0);
  });

  test("one that is too large is refused while it is still sent", async () => {
    const { files, origin } = await serve();
    const body = Buffer.alloc(3 * MiB);
    const response = await fetch(`${origin}${BASE}/x`, { method: "PUT", body });
    expect(response.status).toBe(413);
    expect(files.nodes.size).toBe(0);
    const stream = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const endless = fetch(`${origin}${BASE}/x`, { method: "PUT", body: stream, duplex: "half" });
    // The answer, or the end of a connection on which the caller does not stop.
    await endless.then(
      ({ status }) => expect(status).toBe(413),
      (error) => expect(error).toBeInstanceOf(Error),
    );
    expect(files.nodes.size).toBe(0);
    expect(files.open).toBe(0);
  });
});
