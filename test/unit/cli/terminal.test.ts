import { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeText, toJson } from "../../../src/cli/terminal/escape.ts";
import { Output } from "../../../src/cli/terminal/output.ts";
import { printFields, printTable } from "../../../src/cli/terminal/table.ts";

const hostile = "\u001b]0;owned\u0007\u001b[2J\r\u009b1m\u202ereversed\u200b\ud800";

const collected = (isTTY = false, colours = true) => {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { out: new Output(Object.assign(stream, { isTTY }), colours), text: () => chunks.join("") };
};

/** What a terminal obeys, and what makes a line look as it is not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\u200b-\u200f]/;

describe("escaping", () => {
  test("what a terminal would obey is shown as text", () => {
    expect(escapeText(hostile)).toBe(
      "\\x1b]0;owned\\x07\\x1b[2J\\r\\x9b1m\\u{202e}reversed\\u{200b}\\u{d800}",
    );
    expect(escapeText("plain ünïcode 数 🐍")).toBe("plain ünïcode 数 🐍");
  });

  test("no text gets a control character through, and JSON means the same as before", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeText(text)).not.toMatch(obeyed);
        expect(toJson({ [text]: text })).not.toMatch(obeyed);
        expect(JSON.parse(toJson({ [text]: text }, 2))).toEqual({ [text]: text });
      }),
    );
    expect(toJson(hostile)).not.toMatch(obeyed);
    expect(JSON.parse(toJson(hostile))).toBe(hostile);
  });

  test("cells of tables and fields are escaped", async () => {
    const { out, text } = collected();
    await printTable(out, [{ head: "NAME", cell: (name: string) => name }], [hostile, "x\ny"]);
    await printFields(out, { name: hostile, nested: { name: hostile } });
    expect(text().replaceAll("\n", "")).not.toMatch(obeyed);
    expect(text().trimEnd().split("\n")).toHaveLength(5);
  });
});

describe("tables", () => {
  test("columns stand below each other; what is not there is a dash", async () => {
    const { out, text } = collected();
    const rows = [
      { name: "long name", n: 1, note: null },
      { name: "b", n: 100, note: "last" },
    ];
    await printTable(
      out,
      [
        { head: "NAME", cell: ({ name }) => name },
        { head: "N", cell: ({ n }) => n, right: true },
        { head: "NOTE", cell: ({ note }) => note },
      ],
      rows,
    );
    expect(text()).toBe("NAME         N  NOTE\nlong name    1  -\nb          100  last\n");
  });
});

describe("colours", () => {
  const painted = (isTTY: boolean, colours: boolean) => collected(isTTY, colours).out.paint("red", "x");

  test("are used on a terminal, where nobody said no", () => {
    expect(painted(true, true)).toBe("\u001b[31mx\u001b[39m");
    expect(painted(false, true)).toBe("x");
    expect(painted(true, false)).toBe("x");
  });
});
