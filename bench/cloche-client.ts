/** A plain HTTP/1.1 keep-alive client of one service: Node's own, without anything that fetch adds. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { type Execution, executionSchema } from "../src/domain/execution.ts";
import type { Readiness } from "../src/engine/readiness.ts";
import { readinessSchema } from "../src/http/routes/health.ts";
import { stopwatch } from "./stopwatch.ts";

export interface TimedExecution {
  /** From before the request is made to the last byte of the answer. */
  clientMs: number;
  execution: Execution;
}

interface Request {
  body?: object;
  headers?: Record<string, string>;
}

export class ClocheClient {
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(url: string, key: string) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  }

  async execute(code: string): Promise<TimedExecution> {
    const elapsed = stopwatch();
    const answer = await this.#ask("POST", "/v1/executions", { body: { code } });
    const clientMs = elapsed();
    return { clientMs, execution: executionSchema.parse(JSON.parse(answer)) };
  }

  async readiness(): Promise<Readiness> {
    return readinessSchema.parse(await this.send("GET", "/readyz"));
  }

  async metrics(): Promise<string> {
    return await this.#ask("GET", "/metrics");
  }

  /** Any request with a JSON answer. Throws when the answer is no success. */
  async send(method: string, path: string, request?: Request): Promise<unknown> {
    return JSON.parse(await this.#ask(method, path, request));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, path: string, { body, headers = {} }: Request = {}): Promise<string> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const outgoing = request(new URL(path, this.#url), {
      method,
      agent: this.#agent,
      headers: { ...this.#headers, ...headers, "content-length": Buffer.byteLength(text) },
    });
    outgoing.end(text);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const received = await readText(answer);
    const { statusCode = 0 } = answer;
    if (statusCode < 200 || statusCode > 299) throw new Error(`${method} ${path}: ${statusCode} ${received}`);
    return received;
  }
}
