import { describe, expect, test } from "vitest";
import { SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { FileRefused } from "../../../../src/engine/ports/sandbox-files.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import { BASE, fileService, problemOf } from "./file-service.ts";

const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe, 0x0d, 0x0a, 0x80]);

describe("a file", () => {
  test("is made, replaced, read, looked at and removed", async () => {
    const { app, files, charged } = fileService();
    const made = await app.request(`${BASE}/a/b.bin?mode=755`, { method: "PUT", body: bytes });
    expect(made.status).toBe(201);
    expect(await made.json()).toEqual({
      path: "a/b.bin",
      type: "file",
      bytes: bytes.length,
      modifiedMs: 1_800_000_000_000,
      mode: 0o755,
    });
    expect((await app.request(`${BASE}/a/b.bin`, { method: "PUT", body: bytes })).status).toBe(200);
    const read = await app.request(`${BASE}/a/b.bin`);
    expect(read.status).toBe(200);
    expect(Buffer.from(await read.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(read.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": String(bytes.length),
      "last-modified": "Fri, 15 Jan 2027 08:00:00 GMT",
      "x-content-type-options": "nosniff",
      "content-disposition": "attachment; filename=\"b.bin\"; filename*=UTF-8''b.bin",
    });
    const head = await app.request(`${BASE}/a/b.bin`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(bytes.length));
    expect(await head.text()).toBe("");
    const removed = await app.request(`${BASE}/a?recursive=true`, { method: "DELETE" });
    expect(await removed.json()).toEqual({ removed: 2 });
    expect(files.nodes.size).toBe(0);
    expect(files.open).toBe(0);
    expect(charged.bytes).toBe(3 * bytes.length);
  });

  test("can be empty", async () => {
    const { app } = fileService();
    expect((await app.request(`${BASE}/empty`, { method: "PUT" })).status).toBe(201);
    const read = await app.request(`${BASE}/empty`);
    expect(read.headers.get("content-length")).toBe("0");
    expect(await read.text()).toBe("");
  });

  test("has its name in the header in a form that no client misreads", async () => {
    const { app, files } = fileService();
    files.put(`a"b; x=y/ü'(1)*\u202e.txt`, "");
    const name = encodeURIComponent(`a"b; x=y`);
    const read = await app.request(`${BASE}/${name}/${encodeURIComponent("ü'(1)*\u202e.txt")}`);
    expect(read.headers.get("content-disposition")).toBe(
      "attachment; filename=\"___1___.txt\"; filename*=UTF-8''%C3%BC%27%281%29%2A%E2%80%AE.txt",
    );
  });

  test("with a time that HTTP has no words for comes without one", async () => {
    const { app, files } = fileService();
    files.put("odd", { type: "file", content: bytes, mode: 0o644, modifiedMs: -9e18 });
    expect((await app.request(`${BASE}/odd`)).headers.get("last-modified")).toBeNull();
  });
});

describe("a caller is told what a file is when it can't be had", () => {
  const workspace = (files: MemoryFiles) => {
    files.put("folder/in", "x");
    files.put("link", { type: "link", mode: 0o777, modifiedMs: 0 });
    files.put("pipe", { type: "other", mode: 0o600, modifiedMs: 0 });
    files.put("plain", "x");
  };

  test.each([
    ["GET", "none", 404, "not_found", '"none"'],
    ["GET", "folder", 409, "file_refused", "is a folder"],
    ["GET", "link", 409, "file_refused", "is a link"],
    ["GET", "link/below", 409, "file_refused", "is a link or is below one"],
    ["GET", "pipe", 409, "file_refused", "special file"],
    ["GET", "plain/below", 409, "file_refused", "is no folder"],
    ["PUT", "folder", 409, "file_refused", "is a folder"],
    ["PUT", "link/below", 409, "file_refused", "is a link or is below one"],
    ["DELETE", "none", 404, "not_found", '"none"'],
    ["DELETE", "folder", 409, "file_refused", "recursive=true"],
  ])("%s %s gets %d %s: %s", async (method, path, status, code, detail) => {
    const { app, files } = fileService();
    workspace(files);
    const before = [...files.nodes.keys()];
    const response = await app.request(`${BASE}/${path}`, { method });
    expect(response.status).toBe(status);
    const problem = await problemOf(response);
    expect(problem.code).toBe(code);
    expect(problem.detail).toContain(detail);
    expect(problem.detail).not.toContain("/workspace");
    expect([...files.nodes.keys()]).toEqual(before);
    expect(files.open).toBe(0);
  });

  test.each([["folder"], ["link"], ["pipe"], ["none"]])("HEAD of %s is refused as GET is", async (path) => {
    const { app, files } = fileService();
    workspace(files);
    const { status } = await app.request(`${BASE}/${path}`);
    const head = await app.request(`${BASE}/${path}`, { method: "HEAD" });
    expect(head.status).toBe(status);
  });

  test("a full workspace and one that is unknown to errno(3)", async () => {
    const { app, files } = fileService();
    files.capacityBytes = 3;
    const full = await app.request(`${BASE}/a`, { method: "PUT", body: "1234" });
    expect(full.status).toBe(413);
    expect(await problemOf(full)).toMatchObject({ code: "payload_too_large" });
    files.beforeRead = () => {
      throw new FileRefused(99, "/etc/shadow of the host");
    };
    const odd = await problemOf(await app.request(`${BASE}/b`));
    expect(odd).toMatchObject({ code: "file_refused", detail: '"b" was refused by the sandbox (errno 99)' });
  });

  test("a sandbox that is broken is a fault of ours", async () => {
    const { app, files } = fileService();
    files.beforeRead = () => {
      throw new SandboxFault("the link to /var/lib/docker broke", true);
    };
    const response = await app.request(`${BASE}/a`);
    expect(response.status).toBe(502);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "sandbox_failed", infra: true });
    expect(problem.detail).not.toContain("docker");
  });

  test("a session that has ended, or is not the caller's", async () => {
    const { app } = fileService();
    expect((await app.request("/v1/sessions/ses_ended/files/a")).status).toBe(410);
    expect((await app.request("/v1/sessions/ses_2/files/a")).status).toBe(404);
  });
});

describe("an upload", () => {
  test("is refused by its Content-Length before anything is read", async () => {
    const { app, files } = fileService({ caps: { uploadBytes: 10 } });
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull: () => {
          pulled += 1;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "content-length": "11" };
    const response = await app.request(`${BASE}/a`, { method: "PUT", body, headers, duplex: "half" });
    expect(response.status).toBe(413);
    expect(pulled).toBe(0);
    expect(files.asked).toEqual([]);
  });

  test("is refused as soon as it is longer than it may be, and leaves nothing", async () => {
    const { app, files } = fileService({ caps: { uploadBytes: 1000 } });
    files.put("a", "old");
    let pulled = 0;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          pulled += 1;
          controller.enqueue(new Uint8Array(100));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await app.request(`${BASE}/a`, { method: "PUT", body, duplex: "half" });
    expect(response.status).toBe(413);
    expect(await problemOf(response)).toMatchObject({ code: "payload_too_large" });
    expect(pulled).toBe(11);
    expect(files.nodes.get("a")).toMatchObject({ content: Buffer.from("old") });
    expect(files.open).toBe(0);
  });

  test("that breaks off leaves nothing", async () => {
    const { app, files, charged } = fileService();
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        if (pulled === 1) controller.enqueue(new Uint8Array(100));
        else controller.error(new Error("connection reset"));
      },
    });
    const response = await app.request(`${BASE}/a`, { method: "PUT", body, duplex: "half" });
    expect(response.status).toBe(400);
    expect(files.nodes.size).toBe(0);
    expect(files.open).toBe(0);
    expect(charged.bytes).toBe(100);
  });

  test("that is too slow ends at its time", async () => {
    const { app, clock, files } = fileService({ caps: { ms: 1000 } });
    const reading = Promise.withResolvers<void>();
    const body = new ReadableStream(
      {
        pull: () => {
          reading.resolve();
          return new Promise(() => {});
        },
      },
      { highWaterMark: 0 },
    );
    const answer = app.request(`${BASE}/a`, { method: "PUT", body, duplex: "half" });
    await reading.promise;
    await clock.advance(1000);
    expect(await problemOf(await answer)).toMatchObject({
      code: "payload_too_large",
      detail: "The request took longer than 1000 ms",
    });
    expect(files.nodes.size).toBe(0);
  });

  test.each([
    ["?mode=888", {}, "mode"],
    ["?mode=4755", {}, "mode"],
    ["?mod=644", {}, "mod"],
    ["", { "content-encoding": "gzip" }, "Content-Encoding"],
  ])("with %s %j is refused", async (query, headers, field) => {
    const { app, files } = fileService();
    const response = await app.request(`${BASE}/a${query}`, { method: "PUT", body: "x", headers });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).issues?.[0]?.field).toBe(field);
    expect(files.nodes.size).toBe(0);
  });
});

describe("a download", () => {
  test("of a giant is refused before anything is sent", async () => {
    const { app, files } = fileService({ caps: { downloadBytes: 10 } });
    files.put("giant", "01234567890");
    const response = await app.request(`${BASE}/giant`);
    expect(response.status).toBe(413);
    expect(files.open).toBe(0);
  });

  test.each([
    ["with its last piece", 3],
    ["in the middle", 2],
  ])("of a file that changes %s is cut, and never whole", async (_when, at) => {
    const { app, files, errors } = fileService();
    files.chunkBytes = 10;
    files.put("a", "x".repeat(30));
    files.beforePiece = (path, pieces) => {
      const node = files.nodes.get(path);
      if (pieces === at && node?.type === "file") node.content = Buffer.alloc(30);
    };
    const response = await app.request(`${BASE}/a`);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(files.open).toBe(0);
    expect(errors).toEqual([]);
  });

  test("of a small file that changes gets an error of its own", async () => {
    const { app, files } = fileService();
    files.put("a", "x");
    files.beforePiece = (path, pieces) => {
      const node = files.nodes.get(path);
      if (pieces === 1 && node?.type === "file") node.content = Buffer.from("y");
    };
    const response = await app.request(`${BASE}/a`);
    expect(response.status).toBe(409);
    expect((await problemOf(response)).detail).toContain("changed while it was read");
  });

  test.each([[5], [15]])("is cut when a sandbox sends %d bytes where it said 10", async (length) => {
    const files = new MemoryFiles();
    files.put("a", "0123456789");
    const lying = Object.assign(Object.create(files), {
      read: async () => ({
        entry: await files.stat("a"),
        content: (async function* () {
          yield Buffer.alloc(5);
          for (let sent = 5; sent < length; sent += 5) yield Buffer.alloc(5);
        })(),
      }),
    });
    const { app } = fileService({ files: lying });
    const response = await app.request(`${BASE}/a`);
    if (response.status === 200) await expect(response.arrayBuffer()).rejects.toThrow();
    else expect(response.status).toBe(409);
  });

  test("that nobody takes is read no further, and is given up at its time", async () => {
    const { app, files, clock, charged } = fileService({ caps: { ms: 1000 } });
    files.chunkBytes = 10;
    files.put("a", "x".repeat(1000));
    let read = 0;
    files.beforePiece = () => {
      read += 1;
    };
    const response = await app.request(`${BASE}/a`);
    const reader = response.body?.getReader();
    await reader?.read();
    await clock.advance(999);
    expect(read).toBeLessThan(5);
    expect(files.open).toBe(1);
    await clock.advance(1);
    await expect(reader?.read()).rejects.toThrow("longer than 1000 ms");
    expect(files.open).toBe(0);
    expect(charged.bytes).toBe(10);
  });

  test("that the caller gives up closes the file", async () => {
    const { app, files } = fileService();
    files.chunkBytes = 10;
    files.put("a", "x".repeat(1000));
    const response = await app.request(`${BASE}/a`);
    expect(files.open).toBe(1);
    await response.body?.cancel();
    expect(files.open).toBe(0);
  });

  test("that the sandbox breaks is told to the operator", async () => {
    const { app, files, errors } = fileService();
    files.chunkBytes = 10;
    files.put("a", "x".repeat(1000));
    const fault = new SandboxFault("gone", true);
    files.beforePiece = (_path, pieces) => {
      if (pieces === 5) throw fault;
    };
    const response = await app.request(`${BASE}/a`);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect(errors).toEqual([fault]);
  });
});
