/** Lists, page by page: one shape of query for all, so that each is a walk along one index. */
import type { z } from "zod";
import type { PageQuery } from "../engine/ports/stores.ts";
import { parseCursor, toCursor } from "./cursor.ts";
import type { All, Database } from "./database.ts";

/** Which rows, and the index that has them in order: on some columns of `where`, then created_at, id. */
export interface Listing {
  index: string;
  where: Record<string, string>;
  /** A further condition, with values of its own. */
  and?: { sql: string; values: Record<string, string> };
}

interface Source {
  table: string;
  columns: string;
}

interface PageRow {
  id: string;
  created_at: number;
}

/** Names and conditions are this folder's own; what comes from outside is bound, never part of it. */
export const toPageSql = ({ table, columns }: Source, { index, where, and }: Listing): string => {
  const conditions = [
    ...Object.keys(where).map((column) => `${column} = $${column}`),
    ...(and ? [and.sql] : []),
    "created_at >= $after",
    "(created_at, id) < ($until, $untilId)",
  ];
  return `SELECT ${columns} FROM ${table} INDEXED BY ${index} WHERE ${conditions.join(" AND ")}
    ORDER BY created_at DESC, id DESC LIMIT $limit`;
};

/** The page begins below this: after the cursor, and never later than asked for. */
const upperEnd = ({ cursor, createdBefore = Number.MAX_SAFE_INTEGER - 1 }: PageQuery) => {
  const position = cursor === undefined ? undefined : parseCursor(cursor);
  return position !== undefined && position.createdAt <= createdBefore
    ? position
    : // No id sorts before the empty one: all of `createdBefore` itself is inside.
      { createdAt: createdBefore + 1, id: "" };
};

export class Pages<Row extends PageRow> {
  readonly #database: Database;
  readonly #source: Source;
  readonly #row: z.ZodType<Row>;
  /** As many as there are kinds of listings. */
  readonly #prepared = new Map<string, All<Row>>();

  constructor(database: Database, source: Source, row: z.ZodType<Row>) {
    this.#database = database;
    this.#source = source;
    this.#row = row;
  }

  read(listing: Listing, query: PageQuery): { rows: Row[]; nextCursor: string | null } {
    const { limit, createdAfter = 0 } = query;
    const { createdAt, id } = upperEnd(query);
    const found = this.#statement(toPageSql(this.#source, listing))({
      ...listing.where,
      ...listing.and?.values,
      after: createdAfter,
      until: createdAt,
      untilId: id,
      // One more tells whether there is another page.
      limit: limit + 1,
    });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const isLast = found.length <= limit || last === undefined;
    return { rows, nextCursor: isLast ? null : toCursor({ createdAt: last.created_at, id: last.id }) };
  }

  #statement(sql: string): All<Row> {
    const statement = this.#prepared.get(sql) ?? this.#database.all(sql, this.#row);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
