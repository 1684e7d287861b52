/** The file routes over a workspace in memory, as a test calls them: in this process, or over a real socket. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import { ServiceError } from "../../../../src/domain/errors.ts";
import type { SandboxFiles } from "../../../../src/engine/ports/sandbox-files.ts";
import type { AppEnv } from "../../../../src/http/app-env.ts";
import type { FileCaps } from "../../../../src/http/files/dependencies.ts";
import { fileRoutes } from "../../../../src/http/files/file-routes.ts";
import { problemSchema, toProblem } from "../../../../src/http/problem.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { MemoryFiles } from "../../../support/memory-files.ts";
import { RecordedAudit } from "../../../support/recorded-audit.ts";

export const BASE = "/v1/sessions/ses_1/files";

const MiB = 1024 * 1024;
const caps: FileCaps = { uploadBytes: MiB, entries: 100, downloadBytes: MiB, ms: 60_000 };

export const fileService = (change: { caps?: Partial<FileCaps>; files?: SandboxFiles } = {}) => {
  const files = new MemoryFiles();
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const charged = { bytes: 0 };
  const app = new OpenAPIHono<AppEnv>();
  app.use(async (context, next) => {
    context.set("requestId", "req_1");
    context.set("caller", { tenant: "t", role: "submitter", keyId: "local" });
    await next();
  });
  app.route(
    "/",
    fileRoutes({
      filesOf: async (_caller, id) => {
        if (id === "ses_ended") throw new ServiceError("session_ended", "The session has ended");
        if (id !== "ses_1") throw new ServiceError("not_found", "There is no such session");
        return change.files ?? files;
      },
      audit: new RecordedAudit(),
      tenantOf: () => "t",
      charge: (_caller, bytes) => {
        charged.bytes += bytes;
      },
      caps: { ...caps, ...change.caps },
      clock,
      onError: (error) => errors.push(error),
    }),
  );
  app.onError((error, context) => {
    if (error instanceof ServiceError) return toProblem(context, error);
    errors.push(error);
    return toProblem(context, new ServiceError("internal", "The service failed"));
  });
  app.doc31("/openapi.json", { openapi: "3.1.0", info: { title: "t", version: "1" } });
  /** `target` is the address as it comes over the wire; the server hands it on beside what a URL parser makes of it. */
  const send = async (method: string, target: string, init: RequestInit = {}) => {
    const query = target.includes("?") ? target.slice(target.indexOf("?")) : "";
    return await app.request(`${BASE}/x${query}`, { ...init, method }, { incoming: { url: target } });
  };
  return { app, files, clock, errors, charged, send };
};

export const problemOf = async (response: Response) => problemSchema.parse(await response.json());

/** Percent-encodes each name of a path, as a client should. */
export const encodePath = (path: string) => path.split("/").map(encodeURIComponent).join("/");

/** Serves on a free port until the test's end. */
export const listen = async (
  app: Pick<OpenAPIHono<AppEnv>, "fetch">,
  onTestFinished: (end: () => Promise<void>) => void,
): Promise<{ origin: string; port: number }> => {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port };
};
