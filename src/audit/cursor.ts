/** Where a page of events ended, in a form that only we read. */
import { ServiceError } from "../domain/errors.ts";

export interface Place {
  segment: number;
  offset: number;
}

export const toCursor = ({ segment, offset }: Place): string =>
  Buffer.from(`${segment}.${offset}`).toString("base64url");

/** Throws `invalid_request` for whatever `toCursor` didn't make. */
export const parseCursor = (cursor: string): Place => {
  const [, segment, offset] =
    /^(\d{1,9})\.(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  const place = { segment: Number(segment), offset: Number(offset) };
  if (segment !== undefined && toCursor(place) === cursor) return place;
  throw new ServiceError("invalid_request", "The cursor is not one of ours", {
    issues: [{ field: "cursor", message: "must be a nextCursor of the same list, unchanged" }],
  });
};
