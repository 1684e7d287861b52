/** The query of a list, and its answer. */
import { z } from "@hono/zod-openapi";
import { ServiceError } from "../domain/errors.ts";
import type { Caller } from "../domain/tenant.ts";
import { visibleTo } from "../engine/tenants/roles.ts";

const time = z.iso.datetime().transform((text) => Date.parse(text));

export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(50)
    .openapi({ type: "integer", minimum: 1, maximum: 500, default: 50 }),
  cursor: z.string().max(512).optional().meta({ description: "`nextCursor` of the page before" }),
  createdAfter: time.optional().openapi({ type: "string", format: "date-time" }),
  createdBefore: time.optional().openapi({ type: "string", format: "date-time" }),
  tenant: z
    .string()
    .max(128)
    .optional()
    .meta({ description: "For admins, who see all tenants: only this one's" }),
};

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** Whose things a list shows. Throws `forbidden` when a tenant is named that isn't the caller's to see. */
export const scopeOf = (caller: Caller, tenant: string | undefined): string | undefined => {
  const visible = visibleTo(caller);
  if (tenant === undefined || tenant === visible) return visible;
  if (visible === undefined) return tenant;
  throw new ServiceError("forbidden", "This key sees its own tenant only");
};
