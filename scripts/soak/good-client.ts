/** A client as one should be: it retries what may be retried, with the same key, and as late as it is told. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Tally } from "./tally.ts";

const problemSchema = z.object({ code: z.string(), detail: z.string(), retryable: z.boolean() });
export type Problem = z.infer<typeof problemSchema> & { status: number };

export interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export interface Request {
  json?: object;
  bytes?: Buffer;
  headers?: Record<string, string>;
  /** POSTs get one anyway; name it to send the same request again. */
  key?: string;
  /** undefined: as long as it takes. */
  signal?: AbortSignal;
}

/** The service was not to be had, or said no. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(what: string, problem: Problem) {
    super(`${what}: ${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

const patienceMs = 120_000;
const pauseMs = 250;
const maxPauseMs = 3_000;

export class GoodClient {
  readonly #url: string;
  readonly #key: string;
  readonly #tally: Tally;
  /** Ends all waiting. */
  readonly #stop: AbortSignal;

  constructor(service: { url: string; key: string }, tally: Tally, stop: AbortSignal) {
    this.#url = service.url;
    this.#key = service.key;
    this.#tally = tally;
    this.#stop = stop;
  }

  /** Throws Refused for an answer that no retry makes better. */
  async send(method: string, path: string, request: Request = {}): Promise<Answer> {
    const once = { ...request, ...(method === "POST" ? { key: request.key ?? randomUUID() } : {}) };
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      const { retryAfterMs, why, ...result } = await this.#try(method, path, once);
      if (result.answer) return result.answer;
      request.signal?.throwIfAborted();
      if (performance.now() > giveUpAt)
        throw new Error(`${method} ${path}: no answer in ${patienceMs} ms (${why})`);
      this.#tally.retry(why);
      await sleep(retryAfterMs, undefined, { signal: this.#stop });
    }
  }

  async json<Value>(
    schema: z.ZodType<Value>,
    method: string,
    path: string,
    request?: Request,
  ): Promise<Value> {
    const { body } = await this.send(method, path, request);
    return schema.parse(JSON.parse(body.toString()));
  }

  /** One try, whatever comes of it: the body is the caller's to read. */
  async open(method: string, path: string, request: Request = {}): Promise<Response> {
    const { json, bytes, headers = {}, key, signal } = request;
    const body = bytes ?? (json === undefined ? undefined : JSON.stringify(json));
    const type = bytes ? "application/octet-stream" : "application/json";
    return await fetch(new URL(path, this.#url), {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { "content-type": type }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: signal ? AbortSignal.any([signal, this.#stop]) : this.#stop,
    });
  }

  async #try(
    method: string,
    path: string,
    request: Request,
  ): Promise<{ answer?: Answer; retryAfterMs: number; why: string }> {
    let response: Response;
    let body: Buffer;
    try {
      response = await this.open(method, path, request);
      body = Buffer.from(await response.arrayBuffer());
    } catch {
      this.#stop.throwIfAborted();
      return { retryAfterMs: pauseMs, why: "no connection" };
    }
    const { status, headers } = response;
    if (response.ok) return { answer: { status, headers, body }, retryAfterMs: 0, why: "" };
    const problem = toProblem(status, body);
    if (!problem.retryable) throw new Refused(`${method} ${path}`, problem);
    const told = Number(headers.get("retry-after") ?? 0) * 1000;
    return { retryAfterMs: Math.min(told || pauseMs, maxPauseMs), why: problem.code };
  }
}

/** Whatever is no problem document is none of the service's answers. */
export function toProblem(status: number, body: Buffer): Problem {
  try {
    return { status, ...problemSchema.parse(JSON.parse(body.toString())) };
  } catch {
    return { status, code: "no_problem_document", detail: body.toString().slice(0, 200), retryable: false };
  }
}
