import { defineCommand } from "../command.ts";
import { toBash } from "../completion/bash.ts";
import type { Tree } from "../completion/entries.ts";
import { toFish } from "../completion/fish.ts";
import { toZsh } from "../completion/zsh.ts";
import { exitCodes } from "../errors.ts";

const shells = { bash: toBash, zsh: toZsh, fish: toFish } as const;
type Shell = keyof typeof shells;

/** `tree`: the table that this command is a part of. */
export const completionOf = (tree: () => Tree) =>
  defineCommand({
    name: "completion",
    summary: "Print the completion script of a shell",
    notes: `bash: source <(cloche completion bash)
zsh:  source <(cloche completion zsh)
fish: cloche completion fish | source`,
    operands: { shell: { label: "SHELL", need: "required", choices: Object.keys(shells) } },
    options: {},
    async run(context, { operands }) {
      await context.out.write(shells[operands.shell as Shell](tree()));
      return exitCodes.ok;
    },
  });
