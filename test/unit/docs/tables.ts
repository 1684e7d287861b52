/** Tables of documents that are made from what they tell of. */
import { z } from "zod";

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

export const fieldsOf = (schema: z.ZodType) => fieldsSchema.parse(z.toJSONSchema(schema).properties);

export const describeRange = (field: {
  enum?: string[] | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
}) => {
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(", ");
  if (field.minimum === undefined) return "text";
  const max = field.maximum === undefined || field.maximum >= Number.MAX_SAFE_INTEGER ? "" : field.maximum;
  return max === "" ? `from ${field.minimum}` : `${field.minimum} to ${max}`;
};

export const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The text with what stands between `<!-- name: ... -->` and `<!-- /name -->` made anew. */
export const fillTables = (text: string, tables: Record<string, string>): string =>
  Object.entries(tables).reduce((document, [name, made]) => {
    const place = new RegExp(`(<!-- ${name}: [^\\n]*-->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
    if (!place.test(document)) throw new Error(`the document has no place for ${name}`);
    return document.replace(place, (_, start: string, end: string) => `${start}\n${made}\n\n${end}`);
  }, text);
