/** One text for one value (RFC 8785), so that a hash or a signature of it means something. */
import canonicalize from "canonicalize";

/** Throws a TypeError for what JSON has no text for, lone surrogates and NaN too. */
export const canonicalJson = (value: unknown): string => {
  const text = textOf(value);
  if (text === undefined) throw new TypeError("there is no JSON for this value");
  return text;
};

const textOf = (value: unknown): string | undefined => {
  try {
    return canonicalize(value);
  } catch (cause) {
    throw new TypeError("there is no canonical JSON for this value", { cause });
  }
};
