import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { parsePairs, readFiles } from "../../files/local-input.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import { beginOptions, sandboxOptions } from "../run-options.ts";

export const sessionCreate = defineCommand({
  name: "create",
  summary: "Make a session and print its id",
  operands: {},
  options: {
    ...sandboxOptions,
    ttl: { kind: "number", min: 1000, value: "MS", help: "It ends this long after it was made" },
    idle: { kind: "number", min: 1000, value: "MS", help: "It ends when nobody used it for this long" },
    env: {
      kind: "list",
      value: "NAME=VALUE",
      help: "Add to the environment of what runs in it; may be given again",
    },
    ...beginOptions,
    metadata: { kind: "list", value: "NAME=VALUE", help: "A note of yours; may be given again" },
  },
  async run(context, { values }) {
    const session = await context.api().post<Session>("/v1/sessions", {
      image: values.image,
      policy: values.policy,
      ttlMs: values.ttl,
      idleMs: values.idle,
      env: parsePairs(values.env, "--env"),
      files: await readFiles(context, values.file),
      seed: values.seed,
      metadata: parsePairs(values.metadata, "--metadata"),
    });
    return printDocument(context, session, () => context.out.line(escapeText(session.id)));
  },
});
