/** Reads the configuration, listens, says where, and ends cleanly on a signal. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { loadApiKey } from "./api-key.ts";
import { buildApp } from "./app/build-app.ts";
import { type Config, loadConfig } from "./config.ts";
import type { Secret } from "./domain/secret.ts";
import { createLogger } from "./logger.ts";
import { claimFolder } from "./state-folder.ts";

/** Answers that were on their way when the service ended have this long to arrive. */
const ANSWERS_MS = 5_000;

export interface ServiceOverrides {
  host?: string;
  port?: number;
  auth?: boolean;
  dockerHost?: string;
  stateDir?: string;
}

/** Throws as `runService` would when a setting is wrong, and does nothing else. */
export const checkSettings = (overrides: ServiceOverrides): void => {
  loadConfig(toEnvironment(overrides));
};

/** Runs the service until SIGINT or SIGTERM. Resolves when it has ended and left nothing behind. */
export const runService = async (overrides: ServiceOverrides = {}): Promise<void> => {
  // What this process writes is nobody else's on this host.
  process.umask(0o077);
  const config = loadConfig(toEnvironment(overrides));
  const logger = createLogger(config.CLOCHE_LOG_LEVEL);
  const keyFile = config.CLOCHE_API_KEY_FILE ?? join(config.CLOCHE_STATE_DIR, "api-key");
  const mayMake = config.CLOCHE_API_KEY_FILE === undefined;
  claimFolder(config.CLOCHE_STATE_DIR);
  const key = config.CLOCHE_AUTH === "on" ? loadApiKey(keyFile, mayMake) : undefined;
  // Before there is anything to leave behind.
  const stopped = signalled();
  const app = await buildApp(config, { logger, apiKey: key?.key });
  // Slow or silent clients are cut off; the body's size is the HTTP layer's business.
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      headersTimeout: 10_000,
      requestTimeout: config.CLOCHE_TRANSFER_MS,
      maxHeaderSize: 16 * 1024,
    },
  }) as Server;
  // Each accepted execution has a connection; the others are for files, reading along and looking in.
  server.maxConnections = config.CLOCHE_MAX_RUNNING + config.CLOCHE_MAX_QUEUED + 1024;
  try {
    await listen(server, config);
    const readiness = await Promise.race([app.ready(), stopped.then(() => undefined)]);
    if (readiness?.ready === false) logger.error({ checks: readiness.checks }, "not ready");
    if (readiness) process.stdout.write(greeting(config, server.address() as AddressInfo, keyFile, key));
    const signal = await stopped;
    logger.info({ signal }, "draining");
    // For a person only: whoever read the greeting from a pipe may have closed it since.
    if (signal === "SIGINT" && process.stdout.isTTY) process.stdout.write(farewell(config));
  } finally {
    // Ctrl-C is for good; who sends SIGTERM (systemd, an orchestrator) may start the next process already.
    const keepSessions = (await Promise.race([stopped, undefined])) === "SIGTERM";
    await app.drain(config.CLOCHE_DRAIN_MS, { keepSessions });
    await closeServer(server);
    await app.close();
  }
};

const listen = async (server: Server, { CLOCHE_HOST, CLOCHE_PORT }: Config): Promise<void> => {
  server.listen(CLOCHE_PORT, CLOCHE_HOST);
  try {
    await once(server, "listening");
  } catch (cause) {
    const message = `Cannot listen on ${CLOCHE_HOST} port ${CLOCHE_PORT} (CLOCHE_HOST, CLOCHE_PORT, or --host and --port)`;
    throw new Error(message, { cause });
  }
};

/** Lets answers that are on their way arrive, for a bounded time. */
const closeServer = async (server: Server): Promise<void> => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), ANSWERS_MS);
  await closed;
  clearTimeout(late);
};

/** Who signals a whole process group may reach us more than once with one Ctrl-C. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves with the first signal that asks to end; one that comes later ends the process at once. */
const signalled = (): Promise<string> =>
  new Promise((resolve) => {
    let firstAt: number | undefined;
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.on(signal, () => {
        firstAt ??= performance.now();
        resolve(signal);
        if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130);
      });
    }
  });

const toEnvironment = ({ host, port, auth, dockerHost, stateDir }: ServiceOverrides): NodeJS.ProcessEnv => ({
  ...(host === undefined ? {} : { CLOCHE_HOST: host }),
  ...(port === undefined ? {} : { CLOCHE_PORT: String(port) }),
  ...(auth === undefined ? {} : { CLOCHE_AUTH: auth ? "on" : "off" }),
  ...(dockerHost === undefined ? {} : { DOCKER_HOST: dockerHost }),
  ...(stateDir === undefined ? {} : { CLOCHE_STATE_DIR: stateDir }),
});

const farewell = ({ CLOCHE_DRAIN_MS }: Config): string =>
  `\nEnding. What runs has ${CLOCHE_DRAIN_MS / 1000} s to finish; Ctrl-C again ends it at once.\n`;

const greeting = (
  config: Config,
  { port }: AddressInfo,
  keyFile: string,
  key: { key: Secret; created: boolean } | undefined,
): string => {
  const host = config.CLOCHE_HOST.includes(":") ? `[${config.CLOCHE_HOST}]` : config.CLOCHE_HOST;
  const url = `http://${host}:${port}`;
  const header = key ? ` -H "Authorization: Bearer $(cat '${keyFile}')"` : "";
  const keyLine = key
    ? `API key  ${key.created ? `made: ${key.key.reveal()}, kept` : "kept"} in ${keyFile}\n`
    : "";
  return `
Cloche   ${url}   (API documentation: ${url}/docs)
${keyLine}
Try it:
  curl -s ${url}/v1/executions${header} -H 'Content-Type: application/json' -d '{"code": "print(1)"}'

Ctrl-C ends it.
`;
};

if (import.meta.main) await runService();
