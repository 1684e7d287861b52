/** Headers of content that came out of a sandbox: a browser saves it and never runs or shows it. */

const LAST_DATE_MS = 253_402_300_799_999;

export const downloadHeaders = (type: string, name: string): Record<string, string> => ({
  "content-type": type,
  "content-disposition": `attachment; filename="${plain(name)}"; filename*=UTF-8''${encoded(name)}`,
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
});

/** The session's code may have set any time; one that HTTP has no words for is left out. */
export const lastModified = (modifiedMs: number): Record<string, string> =>
  modifiedMs >= 0 && modifiedMs <= LAST_DATE_MS
    ? { "last-modified": new Date(modifiedMs).toUTCString() }
    : {};

/** For clients that don't read `filename*`. */
const plain = (name: string) => name.replace(/[^\w. -]/g, "_");

/** RFC 5987: what encodeURIComponent leaves, less what is not an attribute character. */
const encoded = (name: string) =>
  encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
