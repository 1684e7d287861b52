/** Where a page ended, in a form that tells its holder nothing and that only we read. */
import { ServiceError } from "../domain/errors.ts";

/** Lists are sorted by this, newest first. */
export interface Position {
  /** Milliseconds since 1970. */
  createdAt: number;
  id: string;
}

export const toCursor = ({ createdAt, id }: Position): string =>
  Buffer.from(`${createdAt}.${id}`).toString("base64url");

/** Throws `invalid_request` for whatever `toCursor` didn't make. */
export const parseCursor = (cursor: string): Position => {
  const [, createdAt, id] = /^(\d{1,16})\.(.*)$/s.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (createdAt !== undefined && id !== undefined) {
    const position = { createdAt: Number(createdAt), id };
    if (Number.isSafeInteger(position.createdAt) && toCursor(position) === cursor) return position;
  }
  throw new ServiceError("invalid_request", "The cursor is not one of ours", {
    issues: [{ field: "cursor", message: "must be a nextCursor of the same list, unchanged" }],
  });
};
