import { explainPolicy } from "../../../policies/explain/explain-policy.ts";
import { type Question, questionSchema } from "../../../policies/explain/question.ts";
import { defineCommand, type Input, type Options } from "../../command.ts";
import { exitCodes, UsageError } from "../../errors.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import { DEFAULT_FOLDER, folderOption, readPolicy } from "./read-policies.ts";

const questions = {
  syscall: { kind: "text", value: "NAME", help: "May code make this system call?" },
  read: { kind: "text", value: "PATH", help: "May code read this?" },
  write: { kind: "text", value: "PATH", help: "May code write to this?" },
  exec: { kind: "text", value: "PATH", help: "May code execute this?" },
  env: { kind: "text", value: "NAME", help: "May an action set this variable?" },
  connect: { kind: "text", value: "HOST:PORT", help: "Can code reach this?" },
  image: { kind: "text", value: "NAME", help: "May this image run?" },
  limit: { kind: "text", value: "NAME[=VALUE]", help: "May an action set this limit (to that)?" },
  grant: { kind: "text", value: "NAME", help: "May code ask for this credential to be used?" },
} as const satisfies Options;

const options = {
  ...questions,
  arg: { kind: "list", value: "INDEX=VALUE", help: "With --syscall: what is known of an argument" },
  ...folderOption,
} as const satisfies Options;

const COMMAND = "cloche policy explain";

export const policyExplain = defineCommand({
  name: "explain",
  summary: "Say whether a policy allows something, why, and which line says so",
  notes: "One question at a time. Exit code 0 where it is allowed, 1 where it is denied.",
  operands: { policy: { label: "POLICY", need: "required", complete: "file" } },
  options,
  async run(context, { operands: { policy }, values }) {
    const question = toQuestion(values);
    const answer = explainPolicy(readPolicy(context.cwd, policy, values.dir ?? DEFAULT_FOLDER), question);
    const { out } = context;
    await printDocument(context, answer, async () => {
      const word = answer.allowed ? out.paint("green", "allowed") : out.paint("red", "denied");
      await out.line(`${word}: ${escapeText(answer.says)}`);
      for (const { place, field, says } of answer.reasons) {
        const at = place ? `${place.file}:${place.line} ${field}` : "every policy";
        await out.line(`  ${escapeText(`${at}: ${says}`)}`);
      }
    });
    return answer.allowed ? exitCodes.ok : exitCodes.no;
  },
});

type Values = Input<typeof options>["values"];

const toQuestion = (values: Values): Question => {
  const asked = (Object.keys(questions) as (keyof typeof questions)[]).filter(
    (name) => values[name] !== undefined,
  );
  const [about] = asked;
  if (about === undefined || asked.length > 1) {
    const all = Object.keys(questions).map((name) => `--${name}`);
    throw new UsageError(`exactly one of ${all.join(", ")} is expected`, COMMAND);
  }
  if (values.arg.length > 0 && about !== "syscall")
    throw new UsageError("--arg goes with --syscall", COMMAND);
  const result = questionSchema.safeParse({ about, ...detailsOf(about, values[about] ?? "", values.arg) });
  if (result.success) return result.data;
  throw new UsageError(
    `--${about}: ${result.error.issues.map(({ message }) => message).join("; ")}`,
    COMMAND,
  );
};

const detailsOf = (about: keyof typeof questions, text: string, args: string[]): object => {
  switch (about) {
    case "syscall":
      return { name: text, args: args.map(toArgument) };
    case "read":
    case "write":
    case "exec":
      return { path: text };
    case "connect": {
      const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
      if (host === undefined) throw malformed("connect", "HOST:PORT", text);
      return { host, port: Number(port) };
    }
    case "limit": {
      const [, name, value] = /^([^=]+)(?:=(\d+))?$/.exec(text) ?? [];
      if (name === undefined) throw malformed("limit", "NAME or NAME=VALUE, the value a whole number", text);
      return { name, ...(value === undefined ? {} : { value: Number(value) }) };
    }
    default:
      return { name: text };
  }
};

const malformed = (option: string, expected: string, text: string) =>
  new UsageError(`--${option} must be ${expected}, not "${text}"`, COMMAND);

const toArgument = (text: string) => {
  const [, index, value] = /^([0-5])=(\d+|0x[0-9a-f]+)$/i.exec(text) ?? [];
  if (index === undefined) throw malformed("arg", "INDEX=VALUE", text);
  return { index: Number(index), value: Number(value) };
};
