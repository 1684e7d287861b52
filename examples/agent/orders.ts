/** The data of the example: orders with gaps and dirty lines, the same at every run, and what is right about them. */

const rows = 4_000;
const regions = ["north", "south", "east", "west"] as const;
const products = ["lamp", "desk", "chair", "shelf"] as const;
const priceOf = { lamp: 2450, desk: 18_900, chair: 7_990, shelf: 5_250 } as const;
/** In cents: what a unit costs more or less in a region. */
const extraOf = { north: 500, south: -150, east: 0, west: 1_200 } as const;

export interface Orders {
  csv: string;
  rows: number;
  /** Lines that no honest analysis can use. */
  unusable: number;
  /** Revenue in cents by region, of the usable lines. */
  revenue: Record<string, number>;
  /** The region that sells most. */
  best: string;
}

export function makeOrders(): Orders {
  const next = linearCongruential(20_26);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(next() * items.length)] as Item;
  const lines = ["order_id,date,region,product,units,price"];
  const revenue: Record<string, number> = {};
  let unusable = 0;
  for (let row = 0; row < rows; row += 1) {
    const region = pick(regions);
    const product = pick(products);
    const units = 1 + Math.floor(next() * 9);
    const cents = priceOf[product] + extraOf[region];
    const day = new Date(Date.UTC(2026, 0, 1 + Math.floor(next() * 273))).toISOString().slice(0, 10);
    const flaw = next();
    const price = (cents / 100).toFixed(2);
    const cells = [String(10_000 + row), day, region, product, String(units), price];
    // A gap, a price that is none, and names as people type them; the last can be mended, the others can't.
    if (flaw < 0.03) cells[4] = "";
    else if (flaw < 0.035) cells[5] = "n/a (ask Jo)";
    else if (flaw < 0.045) cells[2] = ` ${region.toUpperCase()}`;
    lines.push(cells.join(","));
    if (flaw < 0.035) unusable += 1;
    else revenue[region] = (revenue[region] ?? 0) + units * cents;
  }
  const [best = ""] = Object.keys(revenue).toSorted((a, b) => (revenue[b] ?? 0) - (revenue[a] ?? 0));
  return { csv: `${lines.join("\n")}\n`, rows, unusable, revenue, best };
}

/** Good enough to mix columns, and the same everywhere. */
function linearCongruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
