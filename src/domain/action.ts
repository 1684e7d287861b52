/** What a caller wants run. Limits of size are here, once; the HTTP layer only adds the whole body's. */
import { z } from "zod";
import { requestLimitsSchema } from "./policy.ts";
import { pathForm, workspacePath } from "./workspace-path.ts";

const MiB = 1024 * 1024;
const NUL = "\u0000";

/** Half of a surrogate pair is no text: it could not be sent on as it is. */
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .refine((value) => value.isWellFormed(), { message: "must not have lone surrogates" });

const textWithoutNul = (maxLength: number) =>
  text(maxLength).refine((value) => !value.includes(NUL), { message: "must not contain NUL" });

/** Arguments and environment end up in one block of memory, as for any process. */
const fits = (values: string[]) => values.reduce((sum, value) => sum + Buffer.byteLength(value), 0) <= MiB;
const doNotFit = { message: "must be at most 1 MiB together" };

const BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/** Text as it is, or bytes as base64. */
const fileContent = z.union([
  text(16 * MiB),
  z.strictObject({
    base64: z
      .base64()
      .max(24 * MiB)
      .meta({ pattern: BASE64 }),
  }),
]);

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const envName = z.string().regex(ENV_NAME, "must be a variable name");

/** How many names these may have; checked before the schema walks them. */
export const maxNames = { files: 1024, env: 256 } as const;

/** Of a record's names, for its description: the generator of the document leaves them out. */
export const namesForm = (propertyNames: { pattern: string }, maxProperties: number) => ({
  propertyNames,
  maxProperties,
});

export const envSchema = z
  .record(envName, textWithoutNul(32 * 1024))
  .refine((env) => fits(Object.values(env)), doNotFit)
  .default({})
  .meta({
    description: `Added to the environment of the run; at most ${maxNames.env}`,
    ...namesForm({ pattern: ENV_NAME.source }, maxNames.env),
  });

export const filesSchema = z
  .record(workspacePath, fileContent)
  .default({})
  .meta({
    description: `Files to put into the workspace: text, or {base64}; at most ${maxNames.files}`,
    ...namesForm(pathForm, maxNames.files),
  });

export const seedSchema = z
  .int()
  .min(0)
  .max(2 ** 53 - 1)
  .optional()
  .meta({ description: "Seeds random and numpy.random" });

const codeSchema = text(4 * MiB);

const common = {
  stdin: text(16 * MiB)
    .default("")
    .meta({ description: "What the code reads from standard input" }),
  args: z
    .array(textWithoutNul(128 * 1024))
    .max(1024)
    .refine(fits, doNotFit)
    .default([])
    .meta({ description: "sys.argv[1:]" }),
  env: envSchema,
  outputs: z
    .array(
      textWithoutNul(1024)
        .min(1)
        .refine((glob) => !glob.split("/").some((part) => part === "" || part === "." || part === ".."), {
          message: "must be relative to /workspace, without empty, . or .. parts",
        }),
    )
    .max(64)
    .default([])
    .meta({
      description:
        "Globs of files below /workspace to return: * ? [a] [!a] within a name, ** for any number of folders",
    }),
  limits: requestLimitsSchema.default({}).meta({ description: "Only below the policy's" }),
  keepStdin: z.boolean().default(false).meta({
    description: "Standard input stays open after `stdin`, to be fed with POST /v1/executions/{id}/stdin",
  }),
};

export const actionSchema = z
  .strictObject({
    code: codeSchema.meta({
      description: "Python source, run as /workspace/action.py",
      example: "print(1)",
    }),
    language: z.literal("python").default("python"),
    ...common,
    files: filesSchema,
    image: z.string().max(128).optional().meta({ description: "Default: the policy's first image" }),
    policy: z.string().max(128).default("default"),
    seed: seedSchema,
  })
  .meta({ id: "Action" });

/** What a session runs: image, policy, files and seed are the session's. */
export const sessionActionSchema = z
  .strictObject({
    code: codeSchema.optional().meta({
      description: "Python source, run in the session's interpreter",
      example: "x = 20 + 1\nx * 2",
    }),
    fresh: z.boolean().default(false).meta({
      description: "Run the code in a new process in the same workspace, as /workspace/action.py",
    }),
    argv: z
      .array(textWithoutNul(128 * 1024))
      .min(1)
      .max(1024)
      .refine(fits, doNotFit)
      .optional()
      .meta({ description: "A program and its arguments, in place of code; no shell" }),
    shell: textWithoutNul(128 * 1024)
      .min(1)
      .optional()
      .meta({ description: "A line for /bin/sh, in place of code" }),
    ...common,
  })
  .refine(
    ({ code, argv, shell }) => [code, argv, shell].filter((value) => value !== undefined).length === 1,
    {
      message: "must have exactly one of code, argv and shell",
    },
  )
  .refine(({ fresh, code }) => !fresh || code !== undefined, {
    message: "is for code only: argv and shell always are a new process",
    path: ["fresh"],
  })
  .meta({
    id: "SessionAction",
    oneOf: [{ required: ["code"] }, { required: ["argv"] }, { required: ["shell"] }],
    anyOf: [{ required: ["code"] }, { properties: { fresh: { enum: [false] } } }],
  });
export type SessionAction = z.infer<typeof sessionActionSchema>;
export type SessionActionInput = z.input<typeof sessionActionSchema>;

/** A checked action. Sizes are bounded; whether its policy allows it is not known yet. */
export type Action = z.infer<typeof actionSchema>;
/** What a caller may write for an action: most fields have defaults. */
export type ActionInput = z.input<typeof actionSchema>;

/** Bytes of one input file. */
export const contentOf = (file: Action["files"][string]): Buffer =>
  typeof file === "string" ? Buffer.from(file) : Buffer.from(file.base64, "base64");

/** Returns the first path that another path needs as a folder, if there is one. */
export const pathConflict = (paths: string[]): string | undefined => {
  const files = new Set(paths);
  return paths.flatMap((file) => parentsOf(file)).find((folder) => files.has(folder));
};

const parentsOf = (file: string): string[] => {
  const parts = file.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
};
