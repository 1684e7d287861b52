import { ServiceError } from "../../../domain/errors.ts";

/** `field` is `(body)` for the archive as a whole, or the entry: `entry["a/b"]`. */
export const badArchive = (message: string, field = "(body)"): ServiceError =>
  new ServiceError(
    "invalid_request",
    `The archive is wrong: ${field === "(body)" ? "" : `${field} `}${message}`,
    {
      issues: [{ field, message }],
    },
  );

const MAX_NAME = 200;

export const entryField = (name: string): string =>
  `entry[${JSON.stringify(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}...` : name)}]`;
