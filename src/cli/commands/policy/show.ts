import { originsOf, showPolicy } from "../../../policies/show-policy.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import { DEFAULT_FOLDER, folderOption, readPolicy } from "./read-policies.ts";

export const policyShow = defineCommand({
  name: "show",
  summary: "Print a policy with all that it inherits, each line with where it comes from",
  operands: { policy: { label: "POLICY", need: "required", complete: "file" } },
  options: folderOption,
  async run(context, { operands: { policy: name }, values: { dir = DEFAULT_FOLDER } }) {
    const resolved = readPolicy(context.cwd, name, dir);
    const { policy, lineage } = resolved;
    return printDocument(context, { policy, lineage, origins: originsOf(resolved) }, async () => {
      for (const line of showPolicy(resolved).trimEnd().split("\n")) await context.out.line(escapeText(line));
    });
  },
});
