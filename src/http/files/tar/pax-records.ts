/** A PAX header: `<length> <key>=<value>\n`, over and over. */
import { badArchive } from "./bad-archive.ts";
import { decodeUtf8 } from "./tar-header.ts";

export interface PaxOverrides {
  path?: string;
  size?: number;
}

/** Only what changes where an entry goes and how long it is; times, owners and comments have no meaning here. */
export const parsePax = (bytes: Buffer): PaxOverrides => {
  const overrides: PaxOverrides = {};
  for (const [key, value] of records(bytes)) {
    if (key.startsWith("GNU.sparse.")) throw badArchive("has a sparse file");
    if (key === "path") {
      if (overrides.path !== undefined) throw badArchive("has a PAX header with two paths");
      overrides.path = decodeUtf8(value);
    }
    if (key === "size") {
      const digits = value.toString("latin1");
      if (overrides.size !== undefined || !/^\d{1,15}$/.test(digits)) {
        throw badArchive("has a PAX header with a wrong size");
      }
      overrides.size = Number(digits);
    }
  }
  return overrides;
};

function* records(bytes: Buffer): Generator<[key: string, value: Buffer]> {
  let rest = bytes;
  while (rest.length > 0) {
    const [head, digits] = /^(\d{1,6}) /.exec(rest.toString("latin1", 0, 7)) ?? [];
    const length = Number(digits);
    const equals = rest.indexOf("=");
    if (head === undefined || length > rest.length || rest[length - 1] !== 0x0a) throw malformed();
    if (equals <= head.length || equals >= length - 1) throw malformed();
    yield [rest.toString("latin1", head.length, equals), rest.subarray(equals + 1, length - 1)];
    rest = rest.subarray(length);
  }
}

const malformed = () => badArchive("has a PAX header that is malformed");
