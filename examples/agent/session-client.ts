/** All that an agent needs of the API: plain fetch, and the events of an execution as they come. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import { type Execution, executionSchema } from "../../src/domain/execution.ts";
import { type ExecutionEventType, executionEventSchemas } from "../../src/domain/execution-event.ts";
import { type Session, sessionSchema } from "../../src/domain/session.ts";

export interface Service {
  url: string;
  key: string;
}

const problemSchema = z.object({ code: z.string(), detail: z.string() });

/** What a caller may do while the code runs. */
export interface Watch {
  onStarted?(id: string): void;
  onOutput?(stream: "stdout" | "stderr", text: string): void;
}

export class SessionClient {
  readonly #service: Service;
  readonly #signal: AbortSignal;
  readonly id: string;

  private constructor(service: Service, signal: AbortSignal, id: string) {
    this.#service = service;
    this.#signal = signal;
    this.id = id;
  }

  static async open(service: Service, spec: object, signal: AbortSignal): Promise<SessionClient> {
    const answer = await send(service, "POST", "/v1/sessions", { json: spec, signal });
    return new SessionClient(service, signal, sessionSchema.parse(await answer.json()).id);
  }

  /** Runs code in the session's interpreter. Throws when the service, not the code, failed. */
  async run(code: string, watch: Watch = {}): Promise<Execution> {
    const answer = await this.#send("POST", "/executions", { json: { code }, accept: "text/event-stream" });
    if (!answer.body) throw new Error("the answer has no body");
    const events = answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { event, data } of events) {
      const finished = tell(event as ExecutionEventType, JSON.parse(data), watch);
      if (finished) return finished;
    }
    throw new Error("the stream was cut before its end");
  }

  async interrupt(): Promise<void> {
    await this.#send("POST", "/interrupt");
  }

  async upload(path: string, content: string): Promise<void> {
    await this.#send("PUT", `/files/${path}`, { bytes: content });
  }

  async download(path: string): Promise<Buffer> {
    const answer = await this.#send("GET", `/files/${path}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  async close(): Promise<Session> {
    return sessionSchema.parse(await (await this.#send("DELETE", "")).json());
  }

  #send(method: string, path: string, request: Partial<Request> = {}): Promise<Response> {
    return send(this.#service, method, `/v1/sessions/${this.id}${path}`, {
      signal: this.#signal,
      ...request,
    });
  }
}

/** Returns the execution when this was its last event. */
function tell(type: ExecutionEventType, data: unknown, watch: Watch): Execution | undefined {
  switch (type) {
    case "started":
      watch.onStarted?.(executionEventSchemas.started.parse(data).execution.id);
      return;
    case "stdout":
    case "stderr": {
      const output = executionEventSchemas[type].parse(data);
      watch.onOutput?.(
        type,
        "text" in output ? output.text : Buffer.from(output.base64, "base64").toString(),
      );
      return;
    }
    case "finished":
      return executionSchema.parse(executionEventSchemas.finished.parse(data).execution);
    case "error": {
      const { code, detail } = executionEventSchemas.error.parse(data);
      throw new Error(`${code}: ${detail}`);
    }
    default:
      return;
  }
}

interface Request {
  json: object;
  bytes: string;
  accept: string;
  signal: AbortSignal;
}

/** Throws an Error with the service's own words when it answers with a problem. */
async function send(
  { url, key }: Service,
  method: string,
  path: string,
  { json, bytes, accept, signal }: Partial<Request>,
): Promise<Response> {
  const body = bytes ?? (json && JSON.stringify(json));
  const type = json ? "application/json" : "application/octet-stream";
  const answer = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { "content-type": type }),
      ...(accept ? { accept } : {}),
    },
    ...(body === undefined ? {} : { body }),
    ...(signal ? { signal } : {}),
  });
  if (answer.ok) return answer;
  const { code, detail } = problemSchema.parse(await answer.json());
  throw new Error(`${method} ${path}: ${code}: ${detail}`);
}
