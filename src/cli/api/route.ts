/** Paths of requests. A value never becomes more than one part of a path: `..` would name something else. */
import { InputError } from "../errors.ts";

export const route = (texts: TemplateStringsArray, ...values: string[]): string =>
  texts.reduce((path, text, i) => path + encode(values[i - 1] ?? "") + text);

/** A path in a workspace, part by part. */
export const routeOfFile = (session: string, path: string): string =>
  route`/v1/sessions/${session}/files/` + path.split("/").map(encode).join("/");

const encode = (value: string): string => {
  if (value === "" || value === "." || value === "..") {
    throw new InputError(`"${value}" is no name that can be asked for`);
  }
  if (!value.isWellFormed()) throw new InputError(`"${value}" is no valid Unicode`);
  return encodeURIComponent(value);
};

export type Query = Record<string, string | number | boolean | undefined>;

export const toQuery = (query: Query): string => {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
};
