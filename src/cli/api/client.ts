/** Requests to the service. What failed on the way, or found the service full, is sent again a few times. */
import { randomUUID } from "node:crypto";
import { ConnectionError, Unreachable } from "../errors.ts";
import type { Times } from "../times.ts";
import { toProblemError } from "./problem.ts";
import { type Query, toQuery } from "./route.ts";

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface Request {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Query;
  headers?: Record<string, string>;
  json?: unknown;
  /** Called for each try. */
  body?: () => Promise<Body>;
  /** The body, or the answer, can't be had a second time. */
  once?: boolean;
  signal?: AbortSignal;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const MAX_TRIES = 5;
/** Who is to wait for longer is told so, and decides. */
const MAX_RETRY_AFTER_SECONDS = 10;
const PAGE = 100;

export class Api {
  readonly url: string;
  readonly times: Times;
  readonly #key: string | undefined;

  constructor({ url, key, times }: { url: string; key: string | undefined; times: Times }) {
    this.url = url;
    this.times = times;
    this.#key = key;
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json<T>({ method: "GET", path, query });
  }

  post<T>(
    path: string,
    json?: unknown,
    more: Pick<Request, "headers" | "query" | "signal"> = {},
  ): Promise<T> {
    return this.#json<T>({ method: "POST", path, ...(json === undefined ? {} : { json }), ...more });
  }

  send<T>(method: "PUT" | "PATCH" | "DELETE", path: string, json?: unknown): Promise<T> {
    return this.#json<T>({ method, path, ...(json === undefined ? {} : { json }) });
  }

  /** Page after page, up to `limit` items. */
  async list<T>(path: string, query: Query, limit: number): Promise<Page<T>> {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const size = Math.min(PAGE, limit - items.length);
      const page: Page<T> = await this.get(path, { ...query, limit: size, ...(cursor ? { cursor } : {}) });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && items.length < limit);
    return { items, nextCursor: cursor };
  }

  /** A successful answer. Throws ProblemError for one that is not, ConnectionError where there is none. */
  async request(request: Request): Promise<Response> {
    // The same for each try: what arrived and was not answered is not done twice.
    const headers = { ...this.#headers(request), ...request.headers };
    for (let attempt = 1; ; attempt += 1) {
      const last = attempt === MAX_TRIES || request.once === true;
      try {
        const response = await this.#try(request, headers);
        if (response.ok) return response;
        const seconds = last ? undefined : retryAfter(response);
        if (seconds === undefined) throw await toProblemError(response);
        await response.body?.cancel();
        await this.times.pause(seconds * 1000);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        if (last) throw new Unreachable(`${this.url} cannot be reached: ${error.message}`);
        await this.times.pause(100 * 2 ** (attempt - 1));
      }
    }
  }

  /** One try, whatever the answer is. Throws NoAnswer. */
  async #try(request: Request, headers: Record<string, string>): Promise<Response> {
    const body = request.json === undefined ? await request.body?.() : JSON.stringify(request.json);
    try {
      return await fetch(this.url + request.path + toQuery(request.query ?? {}), {
        method: request.method,
        headers,
        redirect: "manual",
        ...(body === undefined ? {} : { body, duplex: "half" }),
        ...(request.signal ? { signal: request.signal } : {}),
      });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw new NoAnswer(causeOf(error));
    }
  }

  /** An answer of any status, tried once. */
  async peek(path: string): Promise<Response> {
    const request: Request = { method: "GET", path };
    try {
      return await this.#try(request, this.#headers(request));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw new Unreachable(`${this.url} cannot be reached: ${error.message}`);
    }
  }

  #headers({ method, json }: Request): Record<string, string> {
    return {
      accept: "application/json, application/problem+json",
      ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(method === "POST" ? { "idempotency-key": randomUUID() } : {}),
    };
  }

  async #json<T>(request: Request): Promise<T> {
    const response = await this.request(request);
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw new ConnectionError(`The answer of ${this.url} cannot be read: ${causeOf(error)}`);
    }
  }
}

class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

const retryAfter = (response: Response): number | undefined => {
  if (response.status !== 503 && response.status !== 429) return undefined;
  const text = response.headers.get("retry-after") ?? "";
  return /^\d+$/.test(text) && Number(text) <= MAX_RETRY_AFTER_SECONDS ? Number(text) : undefined;
};

/** fetch says "fetch failed" and keeps the reason to itself. */
export const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return causeOf(cause.errors[0]);
  return cause instanceof Error ? causeOf(cause) : error.message;
};
