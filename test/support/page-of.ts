import { ServiceError } from "../../src/domain/errors.ts";
import type { Page, PageQuery } from "../../src/engine/ports/stores.ts";

interface Item {
  id: string;
  createdAt: string;
}

const compare = (a: string, b: string) => (a < b ? 1 : a > b ? -1 : 0);

export const newestFirst = (a: Item, b: Item): number =>
  compare(a.createdAt, b.createdAt) || compare(a.id, b.id);

/** The page that a query asks for, newest first. */
export const pageOf = <Row extends Item>(items: Row[], query: PageQuery): Page<Row> => {
  const { createdAfter = -Infinity, createdBefore = Infinity, limit, cursor } = query;
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const rest = items
    .filter(
      (item) => Date.parse(item.createdAt) >= createdAfter && Date.parse(item.createdAt) <= createdBefore,
    )
    .sort(newestFirst)
    .filter((item) => after === undefined || newestFirst(after, item) < 0);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { items: page, nextCursor: last && rest.length > limit ? writeCursor(last) : null };
};

const writeCursor = ({ createdAt, id }: Item) => Buffer.from(`${createdAt} ${id}`).toString("base64url");

const readCursor = (cursor: string): Item => {
  const [createdAt = "", id = ""] = Buffer.from(cursor, "base64url").toString().split(" ");
  if (Number.isNaN(Date.parse(createdAt)) || id === "") {
    const issues = [{ field: "cursor", message: "must be a nextCursor of an earlier answer" }];
    throw new ServiceError("invalid_request", "The request is wrong in: cursor", { issues });
  }
  return { id, createdAt };
};
