/** One difference between two policies, in words, and which way it goes. */
import { z } from "zod";

export const directions = ["loosens", "tightens", "changes"] as const;
export type Direction = (typeof directions)[number];

export const changeSchema = z
  .object({
    direction: z.enum(directions).meta({
      description: "loosens: the second allows more; tightens: it allows less; changes: neither",
    }),
    field: z.string().meta({ example: "limits.wallMs" }),
    says: z.string().meta({ example: "up from 30000 to 60000" }),
  })
  .meta({ id: "PolicyChange" });
export type Change = z.infer<typeof changeSchema>;

export const flip: Record<Direction, Direction> = {
  loosens: "tightens",
  tightens: "loosens",
  changes: "changes",
};

/** What only the second has loosens, what only the first has tightens; where `more` is less, the other way round. */
export const compareSets = (
  field: string,
  before: readonly string[],
  after: readonly string[],
  {
    gained,
    lost,
    more = "loosens",
  }: { gained(item: string): string; lost(item: string): string; more?: Direction },
): Change[] => [
  ...after
    .filter((item) => !before.includes(item))
    .map((item) => ({ direction: more, field, says: gained(item) })),
  ...before
    .filter((item) => !after.includes(item))
    .map((item) => ({ direction: flip[more], field, says: lost(item) })),
];

export const compareNumbers = (field: string, before: number, after: number, unit = ""): Change[] =>
  before === after
    ? []
    : [
        {
          direction: after > before ? "loosens" : "tightens",
          field,
          says: `${after > before ? "up" : "down"} from ${before} to ${after}${unit}`,
        },
      ];

/** Neither more nor less is allowed by it. */
export const compareValues = (field: string, before: unknown, after: unknown): Change[] => {
  const [was, is] = [JSON.stringify(before), JSON.stringify(after)];
  return was === is
    ? []
    : [{ direction: "changes", field, says: `from ${was ?? "nothing"} to ${is ?? "nothing"}` }];
};
