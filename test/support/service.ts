/** The real service on the real engine, in this process, on a free port, with a state folder of its own. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { expect } from "vitest";
import { buildApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import { connectDocker } from "../../src/docker/connect-docker.ts";
import type { ActionInput } from "../../src/domain/action.ts";
import { type Execution, executionSchema } from "../../src/domain/execution.ts";
import type { Observation } from "../../src/domain/observation.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createLogger } from "../../src/logger.ts";

export interface Service extends AsyncDisposable {
  url: string;
  instance: string;
  request(path: string, init?: RequestInit): Promise<Response>;
  post(action: ActionInput, signal?: AbortSignal): Promise<Response>;
  execute(action: ActionInput): Promise<Execution>;
  /** Runs code and returns what came of it. */
  run(code: string, rest?: Partial<ActionInput>): Promise<Observation>;
  /** Containers of this service that the engine knows, running or not. */
  containers(): Promise<string[]>;
}

const API_KEY = "clo_integration-tests-only";

export const docker = () => connectDocker(loadConfig({}).DOCKER_HOST);

export const containersOf = async (instance: string): Promise<string[]> => {
  const filters = { label: [`io.cloche.instance=${instance}`] };
  return (await docker().listContainers({ all: true, filters })).map(({ Id }) => Id);
};

export const startService = async (env: Record<string, string> = {}): Promise<Service> => {
  const stateDir = mkdtempSync(join(tmpdir(), "cloche-test-"));
  const config = loadConfig({ CLOCHE_STATE_DIR: stateDir, CLOCHE_LOG_LEVEL: "silent", ...env });
  const app = await buildApp(config, { logger: createLogger("silent"), apiKey: new Secret(API_KEY) });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const readiness = await app.ready();
  expect(readiness).toMatchObject({ ready: true });

  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, {
      ...init,
      headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    });
  const post = (action: ActionInput, signal?: AbortSignal) =>
    request("/v1/executions", {
      method: "POST",
      body: JSON.stringify(action),
      ...(signal ? { signal } : {}),
    });
  const execute = async (action: ActionInput) => {
    const response = await post(action);
    const body = await response.json();
    expect(response.status, JSON.stringify(body)).toBe(200);
    return executionSchema.parse(body);
  };
  return {
    url,
    instance: app.instance,
    request,
    post,
    execute,
    run: async (code, rest = {}) => (await execute({ code, ...rest })).observation,
    containers: () => containersOf(app.instance),
    [Symbol.asyncDispose]: async () => {
      await app.drain(0);
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await app.close();
      rmSync(stateDir, { recursive: true });
    },
  };
};

/** Waits until the condition holds; the test's own timeout is the bound. */
export const until = async (condition: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
};
