/** schemathesis over the OpenAPI document that a service serves: what it says and what it does must be the same. */
import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../images/progress.ts";
import { installPythonPackages, pythonEnvironment } from "../python-packages.ts";

const here = import.meta.dirname;
const requirements = join(here, "requirements.txt");

interface Service {
  url: string;
  key: string;
}

interface Options {
  /** Of what is generated: the same seed, the same requests. */
  seed: number;
  /** Requests generated for each operation, besides the fixed ones. */
  examples: number;
  log: Log;
  signal?: AbortSignal;
}

/** `report` is schemathesis' own. Rejects when schemathesis can't be had or started. */
export async function runSchemathesis(
  service: Service,
  { seed, examples, log, signal }: Options,
): Promise<{ passed: boolean; report: string }> {
  const packages = await installPythonPackages({
    name: "schemathesis",
    requirements,
    locked: true,
    log,
    allowInstall: true,
  });
  const folder = await mkdtemp(join(tmpdir(), "cloche-schemathesis-"));
  try {
    for (const name of ["schemathesis.toml", "hooks.py"]) await cp(join(here, name), join(folder, name));
    const ids = await makeThings(service);
    for (const [name, values] of Object.entries(ids)) {
      await writeFile(join(folder, name), values.map((id) => `"${id}"\n`).join(""));
    }
    const flags = ["--checks=all", `--seed=${seed}`, `--max-examples=${examples}`, "--no-color"];
    const child = spawn(
      "python3",
      ["-m", "schemathesis.cli", "run", ...flags, new URL("/openapi.json", service.url).href],
      {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          ...pythonEnvironment(packages, folder),
          CLOCHE_CONTRACT_KEY: service.key,
          COLUMNS: "120",
        },
        ...(signal ? { signal } : {}),
      },
    );
    let report = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        report += text;
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return { passed: code === 0, report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const made = z.object({ id: z.string() });

/** So that requests by id find something: what lives, what has ended, and what may be ended. */
async function makeThings({ url, key }: Service): Promise<Record<string, string[]>> {
  const send = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return made.parse(await answer.json()).id;
  };
  const sessionIds = [];
  for (let n = 0; n < 3; n += 1)
    sessionIds.push(await send("POST", "/v1/sessions", { files: { "in.csv": "a,b\n" } }));
  const [live = "", ended = "", doomed = ""] = sessionIds;
  const cell = await send("POST", `/v1/sessions/${live}/executions`, { code: "print(1)\n1 + 1" });
  const script = await send("POST", "/v1/executions", { code: "print(1)" });
  await send("DELETE", `/v1/sessions/${ended}`);
  return {
    "sessions.txt": [live, live, ended],
    "doomed.txt": [ended, doomed],
    "executions.txt": [cell, script],
  };
}
