/** Lines of text with aligned columns: the first to the left, figures to the right. The first row is the head. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const isFigures = head.map((_, column) => column > 0 && body.every((row) => isFigure(row[column] ?? "")));
  const format = (row: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? "";
        return isFigures[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [format(head), widths.map((width) => "-".repeat(width)).join("  "), ...body.map(format)].join("\n");
}

function isFigure(cell: string): boolean {
  return /^[-\d. /%×]*$/.test(cell);
}
