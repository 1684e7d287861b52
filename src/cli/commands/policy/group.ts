import { defineGroup } from "../../command.ts";
import { policyDiff } from "./diff.ts";
import { policyExplain } from "./explain.ts";
import { policyLint } from "./lint.ts";
import { policyShow } from "./show.ts";

export const policy = defineGroup("policy", "Check, question and compare policy files; needs no service", [
  policyLint,
  policyExplain,
  policyDiff,
  policyShow,
]);
