/** A sign for each verdict, so that colour is never all that tells them apart. */
import type { Verdict } from "../../../../domain/proof.ts";
import { asIs, html, type Markup } from "./markup.ts";

export type Mark = Verdict | "skipped";

/** Drawn once; used by reference. */
export const signs: Markup = asIs(`<svg class="defs" aria-hidden="true" xmlns="http://www.w3.org/2000/svg">
<symbol id="s-blocked" viewBox="0 0 16 16"><rect class="f" x="1" y="1" width="14" height="14" rx="3.5"/><path class="k" d="M4.6 8.3l2.4 2.4 4.5-5"/></symbol>
<symbol id="s-contained" viewBox="0 0 16 16"><rect class="f" x="1" y="1" width="14" height="14" rx="3.5"/><rect class="k" x="5" y="5" width="6" height="6" rx="1"/></symbol>
<symbol id="s-escaped" viewBox="0 0 16 16"><rect class="f" x="1" y="1" width="14" height="14" rx="3.5"/><path class="k" d="M5 5l6 6m0-6l-6 6"/></symbol>
<symbol id="s-inconclusive" viewBox="0 0 16 16"><rect class="f" x="1" y="1" width="14" height="14" rx="3.5"/><path class="k" d="M6 6.2a2 2 0 1 1 2.8 1.9c-.5.2-.8.5-.8 1.1m0 2.1v.1"/></symbol>
<symbol id="s-skipped" viewBox="0 0 16 16"><rect class="o" x="1.5" y="1.5" width="13" height="13" rx="3.5"/><path class="l" d="M5.5 8h5"/></symbol>
</svg>`);

export const sign = (mark: Mark): Markup =>
  html`<svg class="sign ${mark}" aria-hidden="true"><use href="#s-${mark}"/></svg>`;

export const marks = [
  "escaped",
  "inconclusive",
  "blocked",
  "contained",
  "skipped",
] as const satisfies readonly Mark[];
