/** Bearer API keys. Compares digests in constant time, so neither content nor length leaks by timing. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import type { AppEnv } from "./app-env.ts";

const digest = (key: string) => createHash("sha256").update(key).digest();

/** With `apiKey` undefined every request passes; the configuration allows that on loopback only. */
export const authenticate = (apiKey: Secret | undefined, tenant: string) => {
  const expected = apiKey === undefined ? undefined : digest(apiKey.reveal());
  return createMiddleware<AppEnv>(async (context, next) => {
    if (expected) {
      const [, key] = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
      if (key === undefined) {
        throw new ServiceError("unauthenticated", "Send the API key: Authorization: Bearer <key>");
      }
      if (!timingSafeEqual(digest(key), expected)) {
        throw new ServiceError("unauthenticated", "The API key is not valid");
      }
    }
    context.set("tenant", tenant);
    await next();
  });
};
