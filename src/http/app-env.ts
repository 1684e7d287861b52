/** What middleware puts into a request's context. */
import type { HttpBindings } from "@hono/node-server";
import type { Caller } from "../domain/tenant.ts";

export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: { requestId: string; caller: Caller; traceparent?: string };
}
