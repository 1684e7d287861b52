/** Proofs as one page that loads nothing and runs nothing: a matrix of attempts and policies. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Proof } from "../../../domain/proof.ts";
import { classNames } from "./class-names.ts";
import { facts } from "./html/facts.ts";
import { asIs, html, type Markup, textOf } from "./html/markup.ts";
import { matrix } from "./html/matrix.ts";
import { type Group, toGroups } from "./html/rows.ts";
import { type Mark, marks, sign, signs } from "./html/signs.ts";
import { tile } from "./html/tile.ts";

const style = readFileSync(join(import.meta.dirname, "html", "page.css"), "utf8");

/** What programs saw is in the page: should any of it ever get past the escaping, nothing of it may run or load. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export const toHtml = (proofs: readonly Proof[]): string => {
  const groups = toGroups(proofs);
  return textOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<title>Cloche proof: ${proofs.map(({ policy }) => policy.name).join(", ")}</title>
<link rel="icon" href="data:,">
<style>${asIs(style)}</style>
</head>
<body>
${signs}
<main>
${headline(proofs, groups)}
<div class="tiles">${proofs.map((proof, column) => tile(proof, column, groups))}</div>
${filters(groups)}
${matrix(groups, proofs)}
${facts(proofs)}
</main>
</body>
</html>
`);
};

const headline = (proofs: readonly Proof[], groups: readonly Group[]): Markup => {
  const tried = groups
    .filter((group) => group.class !== "untried")
    .reduce((sum, { rows }) => sum + rows.length, 0);
  const gotOut = groups
    .flatMap(({ rows }) => rows)
    .filter(({ cells }) => cells.some(({ mark }) => mark === "escaped")).length;
  const each = (of: (proof: Proof) => string) => [...new Set(proofs.map(of))].filter(Boolean).join(", ");
  const kernel = each(({ host }) => host.kernel);
  const made = proofs[0]?.createdAt.slice(0, 16).replace("T", " ");
  const about = [
    each(({ host }) => host.engine),
    each(({ host }) => host.runtime),
    kernel && `kernel ${kernel}`,
    made && `${made} UTC`,
  ];
  return html`<header class="top">
<p class="brand">Cloche · proof of isolation</p>
<h1>${tried} ${tried === 1 ? "way" : "ways"} out, tried on this host${gotOut > 0 ? html`: <em>${gotOut} got out</em>` : undefined}</h1>
<p class="host">${about.filter(Boolean).join(" · ")}</p>
</header>`;
};

/** Check boxes that the style sheet reads: no script is needed. */
const filters = (groups: readonly Group[]): Markup => {
  const has = (mark: Mark) =>
    groups.some(({ rows }) => rows.some(({ cells }) => cells.some((cell) => cell.mark === mark)));
  return html`<form class="filters" aria-label="Show">
<span class="set">${marks
    .filter(has)
    .map(
      (mark) => html`<label><input type="checkbox" id="f-${mark}" checked>${sign(mark)}${mark}</label>`,
    )}</span>
<span class="set">${groups.map(
    (group) =>
      html`<label><input type="checkbox" id="f-${group.class}" checked>${group.class === "untried" ? "Not tried" : classNames[group.class]}</label>`,
  )}</span>
</form>`;
};
