/** A service that answers what a test tells it to, and remembers what it was asked. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** The body as JSON. */
  json: unknown;
}

type Answer = (asked: Asked, response: ServerResponse) => unknown;

export class FakeService implements AsyncDisposable {
  readonly asked: Asked[] = [];
  url = "";
  readonly #answers = new Map<string, Answer>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeService> {
    const service = new FakeService();
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    service.url = `http://127.0.0.1:${(service.#server.address() as AddressInfo).port}`;
    return service;
  }

  /** `route`: method and path. What an answer returns is sent as JSON, if it has sent nothing itself. */
  on(route: string, answer: Answer): this {
    this.#answers.set(route, answer);
    return this;
  }

  /** Answers one after the other; the last one from then on. */
  inTurn(route: string, ...answers: Answer[]): this {
    let turn = 0;
    return this.on(route, (asked, response) =>
      answers[Math.min(turn++, answers.length - 1)]?.(asked, response),
    );
  }

  askedFor(route: string): Asked[] {
    return this.asked.filter(({ method, path }) => `${method} ${path}` === route);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", headers } = request;
    const { pathname, searchParams } = new URL(request.url ?? "", this.url);
    const body = await buffer(request);
    const query = Object.fromEntries(searchParams);
    const asked = { method, path: pathname, query, headers, body, json: toJson(body) };
    this.asked.push(asked);
    const answer = this.#answers.get(`${method} ${pathname}`);
    const value = answer
      ? await answer(asked, response)
      : problem(404, "not_found", "There is no such thing")(asked, response);
    if (value !== undefined && !response.headersSent) sendJson(response, 200, value);
  }
}

const toJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};

const sendJson = (
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
};

export const problem =
  (
    status: number,
    code: string,
    detail: string,
    more: { headers?: Record<string, string>; body?: object } = {},
  ): Answer =>
  (_, response) => {
    const body = {
      code,
      detail,
      retryable: status >= 500,
      infra: status >= 500,
      requestId: "r1",
      ...more.body,
    };
    sendJson(response, status, body, { "content-type": "application/problem+json", ...more.headers });
  };

export interface Sent {
  event: string;
  data: unknown;
  /** Default: one more than the event before. */
  id?: number;
}

/** A stream of these events, from the one after Last-Event-ID on; `cut` breaks the connection behind them. */
export const stream =
  (events: Sent[], { cut = false, open = false }: { cut?: boolean; open?: boolean } = {}): Answer =>
  (asked, response) => {
    const after = Number(asked.headers["last-event-id"] ?? 0);
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    response.write(": ping\n\n");
    for (const [i, { event, data, id = i + 1 }] of events.entries()) {
      if (!(id <= after)) response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    if (cut) response.write('id: 99\nevent: stdout\ndata: {"text":"half', () => response.destroy());
    else if (!open) response.end();
  };
