/** The tables of docs/configuration.md, made from the schemas. Run as a program it writes them into the file. */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { configSchema } from "../../../src/config.ts";
import {
  type Control,
  controlSchema,
  limitsSchema,
  requestLimitsSchema,
} from "../../../src/domain/policy.ts";
import { aPolicy } from "../../support/builders.ts";

const root = join(import.meta.dirname, "../../..");
export const configurationFile = join(root, "docs", "configuration.md");

const fieldsSchema = z.record(
  z.string(),
  z.object({
    description: z.string(),
    enum: z.array(z.string()).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    default: z.unknown().optional(),
  }),
);

const fieldsOf = (schema: z.ZodType) => fieldsSchema.parse(z.toJSONSchema(schema).properties);

const cores = availableParallelism();

/** Defaults that differ from host to host, in words; the number is checked against this host's. */
const defaultsByHost: Record<string, { value: unknown; words: string }> = {
  CLOCHE_STATE_DIR: { value: join(root, ".cloche"), words: "`.cloche` in the checkout" },
  CLOCHE_POLICIES_DIR: { value: join(root, "policies"), words: "`policies` in the checkout" },
  CLOCHE_POOL_CREATES: { value: Math.max(2, cores), words: "by cores" },
  CLOCHE_MAX_RUNNING: { value: Math.max(8, cores * 4), words: "by cores" },
};

const describeDefault = (key: string, value: unknown): string => {
  const byHost = defaultsByHost[key];
  if (byHost) {
    if (byHost.value !== value) throw new Error(`${key}: default ${value}, described as ${byHost.value}`);
    return byHost.words;
  }
  return value === undefined ? "" : `\`${value}\``;
};

const describeRange = (field: {
  enum?: string[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
}) => {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.minimum === undefined) return "text";
  const max = field.maximum === undefined || field.maximum >= Number.MAX_SAFE_INTEGER ? "" : field.maximum;
  return max === "" ? `from ${field.minimum}` : `${field.minimum} to ${max}`;
};

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const settings = () =>
  table(
    ["setting", "default", "values", "meaning"],
    Object.entries(fieldsOf(configSchema)).map(([key, field]) => [
      `\`${key}\``,
      describeDefault(key, field.default),
      describeRange(field),
      field.description,
    ]),
  );

const limits = () => {
  const policy = aPolicy();
  return table(
    ["limit", "in default.yaml", "values", "lower", "meaning"],
    Object.entries(fieldsOf(limitsSchema)).map(([key, field]) => [
      `\`${key}\``,
      `\`${policy.limits[limitsSchema.keyof().parse(key)]}\``,
      describeRange(field),
      key in requestLimitsSchema.shape ? "yes" : "",
      field.description,
    ]),
  );
};

const controlMeanings: Record<Control, string> = {
  seccomp: "a system call filter is in force",
  no_new_privileges: "no program can gain rights by being run",
  no_capabilities: "the effective and the bounding set of capabilities are empty",
  non_root: "the user is not root",
  read_only_root: "the root file system cannot be written",
  no_network:
    "there is no interface but loopback, and at most tunnel stubs that the kernel puts into every namespace",
  memory: "the kernel's memory bound is the policy's",
  no_swap: "no swap can be used",
  processes: "the kernel's bound on processes and threads is the policy's",
  cpus: "as many cores can be used as the policy says",
  landlock: "the kernel has Landlock, and the cell locked itself in",
};

const controls = () => {
  const { require } = aPolicy();
  return table(
    ["control", "required by default.yaml", "in force when"],
    controlSchema.options.map((name) => [
      `\`${name}\``,
      require.includes(name) ? "yes" : "no",
      controlMeanings[name],
    ]),
  );
};

/** The document with its tables made anew. */
export const withTables = (text: string): string =>
  Object.entries({ settings: settings(), limits: limits(), controls: controls() }).reduce(
    (document, [name, made]) => {
      const place = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
      if (!place.test(document)) throw new Error(`docs/configuration.md has no place for ${name}`);
      return document.replace(place, (_, start: string, end: string) => `${start}\n${made}\n\n${end}`);
    },
    text,
  );

if (import.meta.main) writeFileSync(configurationFile, withTables(readFileSync(configurationFile, "utf8")));
