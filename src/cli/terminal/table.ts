/** Rows for people. Every cell is escaped: much of what they hold was named by somebody else. */
import { escapeText } from "./escape.ts";
import type { Output, Style } from "./output.ts";

export interface Column<Row> {
  head: string;
  cell(row: Row): string | number | null | undefined;
  right?: boolean;
  style?(row: Row): Style | undefined;
}

/** The last column is not padded, so that no line ends in blanks. */
export const printTable = async <Row>(out: Output, columns: Column<Row>[], rows: Row[]): Promise<void> => {
  const cells = rows.map((row) => columns.map((column) => toCell(column.cell(row))));
  const heads = columns.map(({ head }) => head);
  const widths = heads.map((head, i) =>
    Math.max(...[head, ...cells.map((line) => line[i] ?? "")].map(width)),
  );
  const layOut = (line: string[]) =>
    line.map((text, i) => {
      const blanks = " ".repeat(Math.max(0, (widths[i] ?? 0) - width(text)));
      if (columns[i]?.right) return { before: blanks, text, after: "" };
      return { before: "", text, after: i === line.length - 1 ? "" : blanks };
    });
  const join = (line: string[], paint: (text: string, i: number) => string) =>
    layOut(line)
      .map(({ before, text, after }, i) => before + paint(text, i) + after)
      .join("  ");

  await out.line(join(heads, (text) => out.paint("dim", text)));
  for (const [r, row] of rows.entries()) {
    const paint = (text: string, i: number) => {
      const style = columns[i]?.style?.(row);
      return style ? out.paint(style, text) : text;
    };
    await out.line(join(cells[r] ?? [], paint));
  }
};

/** Names and values, one a line. */
export const printFields = async (out: Output, fields: Record<string, unknown>): Promise<void> => {
  const names = Object.keys(fields);
  const widest = Math.max(0, ...names.map(width));
  for (const name of names) {
    await out.line(`${out.paint("dim", name.padEnd(widest))}  ${toCell(fields[name])}`);
  }
};

const toCell = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return "-";
  return escapeText(typeof value === "object" ? JSON.stringify(value) : String(value));
};

const width = (text: string) => [...text].length;

/** 2026-11-23T10:11:12.345Z without the fraction. */
export const toTime = (iso: string | null | undefined) => iso?.replace(/\.\d+Z$/, "Z");

export const shortDigest = (digest: string | undefined) => digest?.replace(/^sha256:/, "").slice(0, 12);
