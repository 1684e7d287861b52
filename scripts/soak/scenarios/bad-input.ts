/** Requests that nobody should send: each is refused as a problem, and none hurts anybody else. */
import { type Problem, toProblem } from "../good-client.ts";
import type { World } from "../runner.ts";

interface Bad {
  method: string;
  path: string;
  body?: string;
  type?: string;
  status: number;
}

const unknown = "0".repeat(32);

const bad: readonly Bad[] = [
  { method: "POST", path: "/v1/executions", body: "{", status: 400 },
  { method: "POST", path: "/v1/executions", body: "{}", status: 400 },
  { method: "POST", path: "/v1/executions", body: '{"code":1}', status: 400 },
  { method: "POST", path: "/v1/executions", body: '{"code":"1","files":{"../x":""}}', status: 400 },
  { method: "POST", path: "/v1/executions", body: '{"code":"1","image":"nothing"}', status: 403 },
  { method: "POST", path: "/v1/executions", body: '{"code":"1","policy":"nothing"}', status: 404 },
  { method: "POST", path: "/v1/executions", body: '{"code":"1","limits":{"wallMs":3600000}}', status: 400 },
  { method: "POST", path: "/v1/sessions", body: '{"ttlMs":1}', status: 400 },
  { method: "POST", path: `/v1/sessions/ses_${unknown}/executions`, body: '{"code":"1"}', status: 404 },
  { method: "GET", path: `/v1/executions/exe_${unknown}`, status: 404 },
  { method: "GET", path: `/v1/executions/exe_${unknown}/events`, status: 404 },
  { method: "GET", path: "/v1/executions?limit=many", status: 400 },
  { method: "PUT", path: `/v1/sessions/ses_${unknown}/files/a`, body: "x", status: 404 },
  { method: "POST", path: "/v1/batches", body: '{"items":[]}', status: 400 },
];

export async function badInput({ client, random, tally, stop }: World): Promise<void> {
  const { method, path, body, status } = random.pick(bad.map((item) => [1, item] as const));
  let problem: Problem;
  try {
    const headers = { "content-type": "application/json" };
    const response = await client.open(
      method,
      path,
      body === undefined ? {} : { bytes: Buffer.from(body), headers },
    );
    problem = toProblem(response.status, Buffer.from(await response.arrayBuffer()));
  } catch {
    // The service is away just now; that is not what this one is for.
    return stop.throwIfAborted();
  }
  if (problem.retryable) return;
  const isAsExpected = problem.status === status && problem.code !== "no_problem_document";
  if (!isAsExpected) {
    tally.fail(
      `bad input ${method} ${path} ${body ?? ""}: ${problem.status} ${problem.code}, expected ${status}`,
    );
  }
  tally.count("bad input");
}
