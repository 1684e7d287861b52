/** What somebody may have meant who wrote a name that there isn't. */

/** The known name that takes the fewest changed letters; undefined where none is near. */
export const nearest = (name: string, known: Iterable<string>): string | undefined => {
  let best: { name: string; changes: number } | undefined;
  for (const one of known) {
    const changes = changesBetween(name, one);
    if (changes <= Math.max(1, one.length / 3) && changes < (best?.changes ?? Number.POSITIVE_INFINITY)) {
      best = { name: one, changes };
    }
  }
  return best?.name;
};

/** Letters put in, left out or changed (Levenshtein). */
const changesBetween = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const swapped = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swapped, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};
