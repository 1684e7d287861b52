import { defineGroup } from "../../command.ts";
import { tenantsLimits } from "./limits.ts";
import { tenantsLs } from "./ls.ts";
import { tenantsShow } from "./show.ts";

export const tenants = defineGroup("tenants", "Tenants: their limits and what they use", [
  tenantsLs,
  tenantsShow,
  tenantsLimits,
]);
