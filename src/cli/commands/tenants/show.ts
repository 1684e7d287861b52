import { route } from "../../api/route.ts";
import type { Tenant } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printTenant } from "./print-tenant.ts";

export const tenantsShow = defineCommand({
  name: "show",
  summary: "Print a tenant's limits and what it uses",
  operands: { name: { label: "NAME", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printTenant(context, await context.api().get<Tenant>(route`/v1/tenants/${operands.name}`));
  },
});
