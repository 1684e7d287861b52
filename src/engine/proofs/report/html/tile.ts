/** A policy at a glance: what came of it, and every attempt as one sign. */
import { type Proof, verdicts } from "../../../../domain/proof.ts";
import { verdictMeanings } from "../class-names.ts";
import { html, type Markup } from "./markup.ts";
import type { Group } from "./rows.ts";
import { sign } from "./signs.ts";

export const tile = (proof: Proof, column: number, groups: readonly Group[]): Markup => {
  const { policy, tier, runtime, image, summary } = proof;
  const held = summary.blocked + summary.contained;
  const state = stateOf(proof);
  return html`<article class="tile ${state.kind}">
<header><h2>${policy.name}</h2><p>${tier} tier · ${runtime} · ${image.name}</p></header>
<p class="lead"><b>${held}</b><span>of ${proof.total} held</span><em>${state.words}</em></p>
<div class="bar" role="img" aria-label="${verdicts.map((name) => `${summary[name]} ${name}`).join(", ")}">${verdicts.map(
    (name) =>
      summary[name] > 0 ? html`<i class="${name}" style="flex-grow:${summary[name]}"></i>` : undefined,
  )}</div>
<ul class="counts">${verdicts.map(
    (name) =>
      html`<li title="${verdictMeanings[name]}" class="${summary[name] === 0 ? "zero" : "some"}">${sign(name)}<b>${summary[name]}</b> ${name}</li>`,
  )}</ul>
<div class="mosaic">${groups.map((group) => mosaic(group, column))}</div>
</article>`;
};

const mosaic = ({ rows }: Group, column: number): Markup =>
  html`<div>${rows.map(({ id, name, about, cells }) => {
    const mark = cells[column]?.mark ?? "skipped";
    return html`<a href="#a${id}" title="${id} ${about?.title ?? name}: ${mark}">${sign(mark)}</a>`;
  })}</div>`;

const stateOf = ({ status, summary: { escaped, inconclusive }, error }: Proof) => {
  if (status === "failed") return { kind: "bad", words: `failed: ${error ?? "no reason is known"}` };
  if (status === "running") return { kind: "open", words: "still running" };
  if (escaped > 0) return { kind: "bad", words: `${escaped} escaped` };
  if (inconclusive > 0) return { kind: "open", words: `${inconclusive} left open` };
  return { kind: "good", words: "nothing escaped" };
};
