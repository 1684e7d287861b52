import type { AttemptHead, Verdict } from "../../../domain/proof.ts";

/** As people read them, in the order in which reports have them. */
export const classNames: Record<AttemptHead["class"], string> = {
  system_calls: "System calls",
  files: "Files and kernel interfaces",
  resources: "Resources and lifecycle",
  python: "Python and the harness",
  network: "Network and neighbours",
  service: "The service itself",
};

export const verdictMeanings: Record<Verdict, string> = {
  blocked: "it ran and did not get what it wanted",
  contained: "it was stopped, at the limit that is there for it",
  escaped: "it got what it wanted, or left something on the host",
  inconclusive: "nothing is shown: the attempt or its control did not work",
};
