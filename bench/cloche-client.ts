/** A plain HTTP/1.1 keep-alive client of one service: Node's own, without anything that fetch adds. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { type Execution, executionSchema } from "../src/domain/execution.ts";
import type { Readiness } from "../src/engine/readiness.ts";
import { readinessSchema } from "../src/http/routes/health.ts";
import { stopwatch } from "./stopwatch.ts";

export interface TimedExecution {
  /** From before the request is made to the last byte of the answer. */
  clientMs: number;
  execution: Execution;
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
    const body = JSON.stringify({ code });
    const elapsed = stopwatch();
    const answer = await this.#send("POST", "/v1/executions", body);
    const clientMs = elapsed();
    return { clientMs, execution: executionSchema.parse(JSON.parse(answer)) };
  }

  async readiness(): Promise<Readiness> {
    return readinessSchema.parse(JSON.parse(await this.#send("GET", "/readyz")));
  }

  async metrics(): Promise<string> {
    return await this.#send("GET", "/metrics");
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(method: string, path: string, body = ""): Promise<string> {
    const outgoing = request(new URL(path, this.#url), {
      method,
      agent: this.#agent,
      headers: { ...this.#headers, "content-length": Buffer.byteLength(body) },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    const received = await text(answer);
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${received}`);
    return received;
  }
}
