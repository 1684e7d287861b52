/** What JSON.parse lets pass though two readers could understand it in two ways. */

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** Whether an object of a valid JSON text has a name twice: one reader takes the first value, another the last. */
export const hasRepeatedNames = (json: string): boolean => {
  // Outside of strings a colon stands behind a name, and nowhere else.
  const written = json.replace(STRINGS, "").split(":").length - 1;
  return written !== countNames(JSON.parse(json));
};

const countNames = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 0;
  const names = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, inner) => sum + countNames(inner), names);
};
