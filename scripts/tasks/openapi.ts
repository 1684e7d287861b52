/** npm run openapi: writes docs/openapi.json from the routes. Needs neither Docker nor a running service. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHttp } from "../../src/http/create-http.ts";
import { repositoryRoot } from "../state-dir.ts";

const file = join(repositoryRoot, "docs", "openapi.json");

/** Stands for every part behind the routes. */
const unused = {} as never;

/** The document as the service answers it at /openapi.json, in the form it is committed. */
export async function generateOpenApi(): Promise<string> {
  const http = createHttp({
    executor: unused,
    batches: unused,
    ledger: unused,
    store: unused,
    sessions: unused,
    cohorts: unused,
    files: unused,
    idempotency: unused,
    replays: unused,
    signingKeys: [],
    audit: unused,
    denials: unused,
    catalog: unused,
    policies: unused,
    keys: unused,
    proofs: unused,
    auth: true,
    tenants: unused,
    rate: unused,
    assertMayRun: () => {},
    posture: unused,
    readiness: () => unused,
    metrics: () => unused,
    onRequest: () => {},
    maxBodyBytes: 1024,
    maxBodiesBytes: 1024,
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
