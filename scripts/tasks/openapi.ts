/** npm run openapi: writes docs/openapi.json from the routes. Needs neither Docker nor a running service. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Catalog } from "../../src/engine/catalog.ts";
import type { ContainerRuntime } from "../../src/engine/ports.ts";
import { createHttp } from "../../src/http/create-http.ts";
import { repositoryRoot } from "../state-dir.ts";

const file = join(repositoryRoot, "docs", "openapi.json");

const unused = (): never => {
  throw new Error("the OpenAPI document is made without running anything");
};

const noRuntime: ContainerRuntime = {
  create: unused,
  list: unused,
  remove: unused,
  owns: unused,
  images: unused,
  ping: unused,
};

/** The document as the service answers it at /openapi.json, in the form it is committed. */
export async function generateOpenApi(): Promise<string> {
  const http = createHttp({
    executor: { execute: unused },
    store: { find: unused },
    catalog: new Catalog(noRuntime, []),
    readiness: unused,
    metrics: unused,
    apiKey: undefined,
    tenant: "",
    maxBodyBytes: 1024,
    onError: (error) => {
      throw error;
    },
  });
  const answer = await http.request("/openapi.json");
  if (answer.status !== 200) throw new Error(`/openapi.json answered ${answer.status}`);
  return `${JSON.stringify(await answer.json(), undefined, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(file, await generateOpenApi());
  console.log("openapi: wrote docs/openapi.json");
}
