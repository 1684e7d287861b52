/** A service in this process for one job: a free port, a throwaway state folder, nothing left afterwards. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { loadApiKey } from "../src/api-key.ts";
import { buildApp } from "../src/app/build-app.ts";
import { loadConfig } from "../src/config.ts";
import { createLogger } from "../src/logger.ts";

export interface PrivateService extends AsyncDisposable {
  url: string;
  key: string;
}

const drainMs = 5_000;

/** Settings override the environment's. Throws, leaving nothing behind, when no sandbox gets ready. */
export async function startPrivateService(settings: Record<string, string> = {}): Promise<PrivateService> {
  await using stack = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), "cloche-"));
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));

  const config = loadConfig({
    ...process.env,
    CLOCHE_LOG_LEVEL: "warn",
    ...settings,
    CLOCHE_STATE_DIR: stateDir,
  });
  const { key } = loadApiKey(join(stateDir, "api-key"), true);
  const app = await buildApp(config, { logger: createLogger(config.CLOCHE_LOG_LEVEL), apiKey: key });
  stack.defer(async () => {
    await app.drain(drainMs, { keepSessions: false });
    await app.close();
  });

  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, "127.0.0.1");
  stack.defer(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  await once(server, "listening");
  const { ready, checks } = await app.ready();
  if (!ready) throw new Error(`the service is not ready: ${JSON.stringify(checks)}`);

  const owned = stack.move();
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    key: key.reveal(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
