/** The real service on the real engine, in this process, on a free port, with a state folder of its own. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { expect } from "vitest";
import { buildApp } from "../../src/app/build-app.ts";
import { loadConfig } from "../../src/config.ts";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import type { ActionInput, SessionActionInput } from "../../src/domain/action.ts";
import { type Execution, executionSchema } from "../../src/domain/execution.ts";
import type { Observation } from "../../src/domain/observation.ts";
import { Secret } from "../../src/domain/secret.ts";
import { type NewSessionInput, type Session, sessionSchema } from "../../src/domain/session.ts";
import { createLogger } from "../../src/logger.ts";

export interface Service extends AsyncDisposable {
  url: string;
  instance: string;
  /** The header that a request needs. */
  authorization: { authorization: string };
  request(path: string, init?: RequestInit): Promise<Response>;
  post(action: ActionInput, signal?: AbortSignal): Promise<Response>;
  execute(action: ActionInput): Promise<Execution>;
  /** Runs code and returns what came of it. */
  run(code: string, rest?: Partial<ActionInput>): Promise<Observation>;
  /** Begins a session; `step` runs code in it and returns the execution. */
  session(spec?: NewSessionInput): Promise<SessionHandle>;
  /** Containers of this service that the engine knows, running or not. */
  containers(): Promise<string[]>;
}

export interface SessionHandle {
  id: string;
  path: string;
  step(action: string | SessionActionInput): Promise<Execution>;
  view(): Promise<Session>;
  post(action: string | SessionActionInput, headers?: Record<string, string>): Promise<Response>;
  /** POST to `interrupt`, `cancel` or `reset`. */
  tell(what: string, body?: object): Promise<Session>;
}

const API_KEY = "clo_integration-tests-only";

/** Tests of the self-test turn it on. */
export const withoutSelfTest = { CLOCHE_SELF_TEST: "off", CLOCHE_POSTURE_MINIMUM: "none" };

export const docker = () => connectDocker(loadConfig({}).DOCKER_HOST);

export const containersOf = async (instance: string): Promise<string[]> => {
  const filters = { label: [`io.cloche.instance=${instance}`] };
  return (await docker().listContainers({ all: true, filters })).map(({ Id }) => Id);
};

export const startService = async (env: Record<string, string> = {}): Promise<Service> => {
  const stateDir = mkdtempSync(join(tmpdir(), "cloche-test-"));
  const config = loadConfig({
    CLOCHE_STATE_DIR: stateDir,
    CLOCHE_LOG_LEVEL: "silent",
    ...withoutSelfTest,
    ...env,
  });
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
      headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json", ...init.headers },
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
    authorization: { authorization: `Bearer ${API_KEY}` },
    request,
    post,
    execute,
    run: async (code, rest = {}) => (await execute({ code, ...rest })).observation,
    session: async (spec = {}) => {
      const response = await request("/v1/sessions", { method: "POST", body: JSON.stringify(spec) });
      const body = await response.json();
      expect(response.status, JSON.stringify(body)).toBe(201);
      return sessionHandle(request, sessionSchema.parse(body).id);
    },
    containers: () => containersOf(app.instance),
    [Symbol.asyncDispose]: async () => {
      await app.drain(0, { keepSessions: false });
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

type Request = (path: string, init?: RequestInit) => Promise<Response>;

export const sessionHandle = (request: Request, id: string): SessionHandle => {
  const path = `/v1/sessions/${id}`;
  const post = (action: string | SessionActionInput, headers: Record<string, string> = {}) =>
    request(`${path}/executions`, {
      method: "POST",
      body: JSON.stringify(typeof action === "string" ? { code: action } : action),
      headers,
    });
  const parsed = async (answer: Response) => {
    const body = await answer.json();
    expect(answer.status, JSON.stringify(body)).toBe(200);
    return sessionSchema.parse(body);
  };
  return {
    id,
    path,
    post,
    step: async (action) => {
      const response = await post(action);
      const body = await response.json();
      expect(response.status, JSON.stringify(body)).toBe(200);
      return executionSchema.parse(body);
    },
    view: async () => await parsed(await request(path)),
    tell: async (what, body = {}) =>
      await parsed(await request(`${path}/${what}`, { method: "POST", body: JSON.stringify(body) })),
  };
};
