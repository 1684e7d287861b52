/** Under what it was shown, and how to show it again. */
import { controls } from "../../../../domain/controls.ts";
import { type Proof, verdicts } from "../../../../domain/proof.ts";
import { verdictMeanings } from "../class-names.ts";
import { html, type Markup } from "./markup.ts";
import { labelsOf } from "./rows.ts";
import { sign } from "./signs.ts";

export const facts = (proofs: readonly Proof[]): Markup => html`<section class="facts">
<h2>Under what this was shown</h2>
<div class="scroll"><table>
<thead><tr><th></th>${labelsOf(proofs).map((label) => html`<th>${label}</th>`)}</tr></thead>
<tbody>
${fact("Proof", proofs, ({ id }) => id, true)}
${fact("Made at", proofs, ({ createdAt }) => createdAt.replace("T", " ").replace(/\.\d+Z/, " UTC"))}
${fact("Took", proofs, ({ ms }) => `${(ms / 1000).toFixed(0)} s`)}
${fact("Kernel", proofs, ({ host }) => host.kernel)}
${fact("Engine", proofs, ({ host }) => host.engine)}
${fact("Runtime", proofs, ({ host }) => host.runtime)}
${fact("Policy digest", proofs, ({ policy }) => policy.digest, true)}
${fact("Image digest", proofs, ({ image }) => image.digest, true)}
${Object.entries(controls).map(([name, meaning]) => control(name as keyof typeof controls, meaning, proofs))}
</tbody></table></div>
<h2>What the words mean</h2>
<ul class="words">${verdicts.map((name) => html`<li>${sign(name)}<b>${name}</b> ${verdictMeanings[name]}</li>`)}
<li>${sign("skipped")}<b>skipped</b> it has no meaning under this tier or runtime; its row says why</li></ul>
<p>Each attempt is a program that runs as any caller's code does, under the whole policy. Its <b>control</b> is the same
program in a sandbox of which the defence is left out: only where that one gets through does “blocked” count. After each
attempt comes a <b>clean run</b>, which must find its sandbox as the first one did, and a look at the <b>host</b>:
planted files by hash, processes, mounts, cgroups and sockets.</p>
<h2>See for yourself</h2>
<pre class="shell"># all of it, on your host
${commandsOf(proofs).join("\n")}
# one attempt, by its number
cloche prove --policy ${proofs[0]?.policy.name ?? "default"} --attempts ${proofs[0]?.attempts[0]?.id ?? 1}
# this proof as JSON, and the digests of the policies in force
curl -H "Authorization: Bearer $KEY" $CLOCHE_URL/v1/proofs/${proofs[0]?.id ?? ""}
curl -H "Authorization: Bearer $KEY" $CLOCHE_URL/v1/policies</pre>
<p class="fine">The programs are in <code>src/engine/proofs/battery</code>. A proof says what was tried on this host under
this policy at this time. What nobody tried it does not show.</p>
</section>`;

/** One for each runtime. */
const commandsOf = (proofs: readonly Proof[]): string[] =>
  [...Map.groupBy(proofs, ({ runtime }) => runtime)].map(([runtime, those]) => {
    const policies = [...new Set(those.map(({ policy }) => ` --policy ${policy.name}`))];
    return `cloche prove${policies.join("")}${runtime === "runc" ? "" : ` --runtime ${runtime}`}`;
  });

const fact = (
  name: string,
  proofs: readonly Proof[],
  value: (proof: Proof) => string,
  isCode = false,
): Markup =>
  html`<tr><th>${name}</th>${proofs.map((proof) => html`<td${isCode ? html` class="code"` : undefined}>${value(proof) || "–"}</td>`)}</tr>`;

const control = (name: keyof typeof controls, meaning: string, proofs: readonly Proof[]): Markup =>
  html`<tr class="control"><th title="${meaning}">${name.replaceAll("_", " ")}</th>${proofs.map(
    ({ controls: inForce }) =>
      inForce[name]
        ? html`<td class="yes"><b>✓</b> in force</td>`
        : html`<td class="no"><b>–</b> not in force</td>`,
  )}</tr>`;
