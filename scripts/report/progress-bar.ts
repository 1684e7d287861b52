/** How far a long step is: a bar that redraws itself on a terminal, elsewhere one line each ten per cent. */

const barCells = 30;

export interface Progress {
  /** Counts one more as done. */
  tick(): void;
  /** Leaves the line, so that what is printed next starts on one of its own. */
  end(): void;
}

export function createProgress(
  label: string,
  total: number,
  output: NodeJS.WriteStream = process.stdout,
): Progress {
  const startedAt = Date.now();
  const describe = (done: number) =>
    `${done}/${total} ${percentOf(done, total)} % ${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
  const draw = (done: number) => {
    if (output.isTTY) output.write(`\r${label} [${drawBar(done, total)}] ${describe(done)} `);
    else if (crossesTenth(done, total)) output.write(`${label}: ${describe(done)}\n`);
  };
  let done = 0;
  draw(0);
  return {
    tick: () => draw(++done),
    end: () => void (output.isTTY && output.write("\n")),
  };
}

const percentOf = (done: number, total: number) => Math.floor((done / total) * 100);

const crossesTenth = (done: number, total: number) =>
  done > 0 && Math.floor((done / total) * 10) > Math.floor(((done - 1) / total) * 10);

function drawBar(done: number, total: number): string {
  const full = Math.round((done / total) * barCells);
  return "#".repeat(full).padEnd(barCells, ".");
}
