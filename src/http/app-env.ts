/** What middleware puts into a request's context. */
import type { HttpBindings } from "@hono/node-server";

export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string; tenant: string };
}
