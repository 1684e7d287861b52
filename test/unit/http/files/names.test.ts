/** Cases 34 and 43 of the hostile battery: names. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { workspacePath } from "../../../../src/domain/workspace-path.ts";
import { BASE, encodePath, fileService, problemOf } from "./file-service.ts";

const content = Buffer.from("content");

describe("a hostile name is refused and reaches nothing", () => {
  test.each([
    ["%2e%2e/x"],
    ["a/%2e%2e/x"],
    ["../x"],
    ["a/../x"],
    ["a/.%2E/x"],
    ["."],
    ["a/%2e"],
    ["%2fetc%2fpasswd"],
    ["a%2F%2Fb"],
    ["a%2F%2e%2e%2Fx"],
    ["a%2F"],
    ["a%2Fb%00"],
    ["a%2Fb%5cc"],
    ["a%252F%"],
    ["a%2f..%2f..%2fb"],
    ["/etc/passwd"],
    ["a//b"],
    ["a/"],
    ["C:%5cx"],
    ["C:\\x"],
    ["a%5c..%5cb"],
    ["a%00"],
    ["%00"],
    ["a%0ab"],
    ["a%0d"],
    ["a%1b[2J"],
    ["a%7f"],
    ["a%"],
    ["a%2"],
    ["a%zz"],
    ["a%u0041"],
    ["a%ff"],
    ["a%c0%ae%c0%ae/x"],
    ["%ed%a0%80"],
    ["x".repeat(256)],
    ["a/".repeat(2048)],
    [Array(33).fill("a").join("/")],
    [`${"x/".repeat(30)}${"y".repeat(255)}`.repeat(4)],
  ])("%s", async (raw) => {
    const { files, send } = fileService();
    for (const method of ["PUT", "GET", "HEAD", "DELETE"]) {
      const body = method === "PUT" ? { body: content } : {};
      const response = await send(method, `${BASE}/${raw}`, body);
      expect(response.status).toBe(400);
      if (method === "HEAD") continue;
      expect((await problemOf(response)).issues?.[0]?.field).toBe("path");
    }
    expect(files.asked).toEqual([]);
    expect(files.nodes.size).toBe(0);
  });

  test.each([["path=%2e%2e"], ["path=/etc"], ["path=a%00"], ["path=a%zz"], ["path=%ff"], ["path=a&path=b"]])(
    "in the query %s",
    async (query) => {
      const { app, files } = fileService();
      const list = await app.request(`${BASE}?${query}`);
      expect(list.status).toBe(400);
      expect((await problemOf(list)).issues?.[0]?.field).toBe("path");
      const headers = { "content-type": "application/x-tar" };
      expect((await app.request(`${BASE}?${query}`, { method: "PUT", headers })).status).toBe(400);
      expect(files.asked).toEqual([]);
    },
  );
});

/** Any text, and the kinds of parts that attacks are made of. */
const anyPath = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.constantFrom(
        "..",
        ".",
        "",
        "a.",
        " ",
        "~",
        "%2e%2e",
        "%00",
        "C:",
        "..\\",
        "\u202e",
        "e\u0301",
        "é",
        "а",
      ),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join("/"));

describe("any name at all", () => {
  test("is refused by name, or comes back byte for byte under exactly that name", async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, fc.uint8Array({ maxLength: 300 }), async (path, bytes) => {
        const { files, send } = fileService();
        const target = path.isWellFormed() ? encodePath(path) : encodeURI(path.toWellFormed());
        const put = await send("PUT", `${BASE}/${target}`, { body: bytes as Uint8Array<ArrayBuffer> });
        const made = [...files.nodes.entries()].filter(([, { type }]) => type === "file");
        if (put.status !== 201) {
          // Nothing at all is no name of a file: there is no such address.
          expect(put.status).toBe(target === "" ? 404 : 400);
          expect(made).toEqual([]);
          return;
        }
        expect(workspacePath.safeParse(path).success || !path.isWellFormed()).toBe(true);
        expect(made.map(([name]) => name)).toEqual([path.toWellFormed()]);
        const got = await send("GET", `${BASE}/${target}`);
        expect(Buffer.from(await got.arrayBuffer())).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("as raw bytes of an address is refused, or is what one percent-decoding makes of it", async () => {
    const raw = fc
      .array(
        fc.oneof(
          fc.stringMatching(/^%[0-9a-fA-F]{2}$/),
          fc.constantFrom("%2e", "%2f", "%5c", "%25", "%", "/", ".", "..", "a", ";", "%252e", "%c3%a9"),
        ),
        { minLength: 1, maxLength: 10 },
      )
      .map((parts) => parts.join(""));
    await fc.assert(
      fc.asyncProperty(raw, async (target) => {
        const { files, send } = fileService();
        const put = await send("PUT", `${BASE}/${target}`, { body: content });
        if (put.status === 201) expect([...files.nodes.keys()]).toContain(decodeURIComponent(target));
        else {
          expect(put.status).toBe(400);
          expect(files.nodes.size).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a list", () => {
  test("has what is there, page by page, each once and in order", async () => {
    const { app, files } = fileService();
    const paths = ["a", "a/1", "a/2", "b.", "b", "é", "e\u0301", "z/y/x", "z", "z/y"];
    for (const path of ["a/1", "a/2", "b.", "b", "é", "e\u0301", "z/y/x"]) files.put(path, path);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? "" : `&cursor=${cursor}`;
      const page = await app.request(`${BASE}?recursive=true&limit=3${next}`);
      const { items, nextCursor } = (await page.json()) as {
        items: { path: string }[];
        nextCursor: string | null;
      };
      expect(items.length).toBeLessThanOrEqual(3);
      seen.push(...items.map(({ path }) => path));
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    const flat = (await (await app.request(`${BASE}?path=z`)).json()) as { items: { path: string }[] };
    expect(flat.items.map(({ path }) => path)).toEqual(["z/y"]);
  });

  test("shows names of the session in JSON that a terminal can show", async () => {
    const { app, files } = fileService();
    const hostile = "\u001b]0;x\u0007\r\u202egnp.\u009b31m\u2028\ufeff'\"\\.txt";
    files.put(hostile, "");
    files.put("\ufffd", "");
    files.rawNames.set("\ufffd", Buffer.from([0xff]));
    const text = await (await app.request(BASE)).text();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2028\ufeff]/);
    const { items } = JSON.parse(text);
    expect(items).toEqual([
      expect.objectContaining({ path: hostile }),
      expect.objectContaining({ path: "\ufffd", pathBase64: "/w==" }),
    ]);
  });

  test.each([
    ["limit=0"],
    ["limit=1001"],
    ["limit=x"],
    ["recursive=yes"],
    ["cursor=*"],
    ["cursor="],
    ["more=1"],
  ])("with %s is refused by the field's name", async (query) => {
    const response = await fileService().app.request(`${BASE}?${query}`);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).issues?.[0]?.field).toBe(query.split("=")[0]);
  });

  test("of a file is refused", async () => {
    const { app, files } = fileService();
    files.put("a", "");
    expect(await problemOf(await app.request(`${BASE}?path=a`))).toMatchObject({ code: "file_refused" });
    expect(await problemOf(await app.request(`${BASE}?path=b`))).toMatchObject({ code: "not_found" });
  });
});

test("all of it is in the OpenAPI document, with {path} as it is written there", async () => {
  const document = (await (await fileService().app.request("/openapi.json")).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const operations = Object.entries(document.paths).map(([path, methods]) => [
    path,
    Object.keys(methods).sort(),
  ]);
  expect(operations).toEqual([
    ["/v1/sessions/{id}/files", ["get", "put"]],
    ["/v1/sessions/{id}/files/{path}", ["delete", "get", "head", "put"]],
  ]);
});
