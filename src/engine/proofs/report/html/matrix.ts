/** Attempts down, policies across; each row opens to what was seen. */
import type { Proof } from "../../../../domain/proof.ts";
import { summaryOf } from "../../summary.ts";
import { classNames } from "../class-names.ts";
import { html, type Markup } from "./markup.ts";
import { panel } from "./panel.ts";
import type { Cell, Group, Row } from "./rows.ts";
import { sign } from "./signs.ts";

export const matrix = (
  groups: readonly Group[],
  proofs: readonly Proof[],
): Markup => html`<div class="matrix${proofs.length > 1 ? " several" : ""}" style="--n:${proofs.length}">
<div class="heads grid"><span></span><span>Attempt</span>${proofs.map(
  ({ policy, tier, runtime }) =>
    html`<span class="head" title="${policy.name}, ${tier}, ${runtime}"><b>${policy.name}</b><small>${runtime}</small></span>`,
)}</div>
${groups.map((group) => section(group))}
</div>`;

const titleOf = (group: Group) => (group.class === "untried" ? "Not tried here" : classNames[group.class]);

const section = (group: Group): Markup => html`<section class="class c-${group.class}">
<div class="grid group"><span></span><h3>${titleOf(group)} <small>${group.rows.length}</small></h3>${group.rows[0]?.cells.map((_, column) => tally(group, column))}</div>
${group.rows.map(row)}
</section>`;

/** What held, of what was tried. */
const tally = ({ rows }: Group, column: number): Markup => {
  const tried = rows.flatMap(({ cells }) => cells[column]?.result ?? []);
  const { blocked, contained } = summaryOf(tried);
  return html`<span class="tally">${tried.length === 0 ? "–" : `${blocked + contained}/${tried.length}`}</span>`;
};

const row = ({ id, name, about, cells }: Row): Markup => {
  const needsReading = cells.some(({ mark }) => mark === "escaped" || mark === "inconclusive");
  const kinds = [...new Set(cells.map(({ mark }) => `m-${mark}`))].join(" ");
  return html`<details class="row ${kinds}" id="a${id}"${needsReading ? html` open` : undefined}>
<summary class="grid"><span class="id">${id}</span><span class="title">${about?.title ?? name}<small>${about?.techniques.join(" ")}</small></span>${cells.map(cell)}</summary>
${panel({ id, name, about, cells })}
</details>`;
};

const MAX_TIP = 180;

const cell = ({ mark, result, reason, label }: Cell): Markup => {
  const said = (result?.evidence ?? reason ?? "").slice(0, MAX_TIP);
  return html`<span class="cell">${sign(mark)}<span class="sr">${label}: ${mark}</span><span class="tip" aria-hidden="true"><b>${label}: ${mark}</b>${said}</span></span>`;
};
