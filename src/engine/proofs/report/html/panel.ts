/** What an opened row shows: of the attempt once, then of each proof what was seen. */
import { html, type Markup } from "./markup.ts";
import type { Cell, Row } from "./rows.ts";
import { sign } from "./signs.ts";

export const panel = ({ name, about, cells }: Row): Markup => html`<div class="panel">
${
  about &&
  html`<p class="about"><code>${name}</code><span>ATT&amp;CK ${about.techniques.map(technique)}</span><span>Meant to stop it: ${about.defences.map((defence) => html`<i>${defence.replaceAll("_", " ")}</i>`)}</span></p>`
}
<div class="seen">${cells.map(seen)}</div>
</div>`;

/** A link for people; the page itself loads nothing. */
const technique = (id: string): Markup =>
  html` <a href="https://attack.mitre.org/techniques/${id.replace(".", "/")}/" rel="noreferrer noopener">${id}</a>`;

const seen = ({ label, mark, result, reason }: Cell): Markup => {
  const head = html`<h4>${sign(mark)}${label} <span class="word ${mark}">${mark}</span>${result && html`<small>${(result.ms / 1000).toFixed(1)} s</small>`}</h4>`;
  if (!result) return html`<div class="one">${head}<p class="why">${reason}</p></div>`;
  const { evidence, control, cleanRun, canary, denied } = result;
  return html`<div class="one">${head}
<pre>${evidence}</pre>
<dl>
${line("Control", control.succeeded, control.evidence, "where its defence is off, the same program gets through")}
${line("Next run", cleanRun.ok, cleanRun.evidence, "whoever comes after it finds nothing of it")}
${line("Host", canary.ok, canary.evidence, "planted files, processes, mounts, cgroups, sockets")}
${denied.length > 0 ? html`<dt>Denied</dt><dd class="denied">${denied.map((call) => html`<code>${call}</code> `)}</dd>` : undefined}
</dl></div>`;
};

const line = (name: string, ok: boolean | null, evidence: string, meaning: string): Markup =>
  html`<dt title="${meaning}">${name}</dt><dd class="${ok === false ? "no" : "yes"}"><b>${ok === null ? "–" : ok ? "✓" : "✕"}</b> ${evidence}</dd>`;
