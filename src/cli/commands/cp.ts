import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { download, downloadFolder } from "../files/download.ts";
import { upload, uploadFolder } from "../files/upload.ts";
import { parseRef } from "../files/workspace-ref.ts";

export const cp = defineCommand({
  name: "cp",
  summary: "Copy files into a session or out of it",
  notes: `One side is SESSION:PATH, the other a local name or - for standard input or output. With -r what the folder SRC holds
comes to lie in the folder DST, and - is a tar archive. Links are never followed, on either side.`,
  operands: {
    source: { label: "SRC", need: "required", complete: "file" },
    target: { label: "DST", need: "required", complete: "file" },
  },
  options: { recursive: { kind: "flag", short: "r", help: "Copy a folder with all that is in it" } },
  async run(context, { values, operands }) {
    const source = parseRef(operands.source);
    const target = parseRef(operands.target);
    if (source && !target) {
      return (values.recursive ? downloadFolder : download)(context, source, operands.target);
    }
    if (target && !source)
      return (values.recursive ? uploadFolder : upload)(context, operands.source, target);
    throw new UsageError("one of SRC and DST must be SESSION:PATH, and one must not", "cloche cp");
  },
});
