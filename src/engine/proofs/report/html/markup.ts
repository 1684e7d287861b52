/** HTML in which whatever is put in is text, unless it was made here. */

const made = Symbol("markup");

export interface Markup {
  readonly [made]: string;
}

type Part = Markup | readonly Part[] | string | number | undefined;

const unsafe = /[&<>"'\p{Cc}\p{Cf}\p{Cs}]/gu;
const names: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\n": "\n",
};

/** Characters that reorder, hide or control are shown by number: what a program saw may be anything. */
const escaped = (text: string): string =>
  text.replace(unsafe, (character) => names[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`);

const isMarkup = (part: Part): part is Markup => typeof part === "object" && made in part;

const toText = (part: Part): string => {
  if (part === undefined) return "";
  if (isMarkup(part)) return part[made];
  return typeof part === "object" ? part.map(toText).join("") : escaped(String(part));
};

export const html = (texts: TemplateStringsArray, ...parts: Part[]): Markup => ({
  [made]: texts.map((text, index) => text + (index < parts.length ? toText(parts[index]) : "")).join(""),
});

/** For what is ours from the first character to the last, as a style sheet. */
export const asIs = (text: string): Markup => ({ [made]: text });

export const textOf = (markup: Markup): string => markup[made];
