import { defineGroup } from "../../command.ts";
import { keysCreate } from "./create.ts";
import { keysLs } from "./ls.ts";
import { keysRevoke } from "./revoke.ts";

export const keys = defineGroup("keys", "API keys, for admins", [keysCreate, keysLs, keysRevoke]);
