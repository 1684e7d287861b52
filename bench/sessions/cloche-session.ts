/** One session of Cloche over its public API. */
import { type Execution, executionSchema, pendingExecutionSchema } from "../../src/domain/execution.ts";
import { sessionSchema } from "../../src/domain/session.ts";
import type { ClocheClient } from "../cloche-client.ts";

export class ClocheSession {
  readonly #client: ClocheClient;
  readonly id: string;
  readonly sandboxId: string;

  private constructor(client: ClocheClient, id: string, sandboxId: string) {
    this.#client = client;
    this.id = id;
    this.sandboxId = sandboxId;
  }

  static async open(client: ClocheClient): Promise<ClocheSession> {
    const { id, sandboxId } = sessionSchema.parse(await client.send("POST", "/v1/sessions", { body: {} }));
    return new ClocheSession(client, id, sandboxId);
  }

  async execute(code: string): Promise<Execution> {
    return executionSchema.parse(
      await this.#client.send("POST", `${this.#path}/executions`, { body: { code } }),
    );
  }

  /** Returns what the code printed. */
  async step(code: string): Promise<string> {
    return (await this.execute(code)).observation.stdout;
  }

  /** Returns without waiting for the code's end. */
  async begin(code: string): Promise<void> {
    const headers = { prefer: "respond-async" };
    const request = { body: { code }, headers };
    pendingExecutionSchema.parse(await this.#client.send("POST", `${this.#path}/executions`, request));
  }

  async interrupt(): Promise<void> {
    await this.#client.send("POST", `${this.#path}/interrupt`, { body: {} });
  }

  async close(): Promise<void> {
    await this.#client.send("DELETE", this.#path);
  }

  get #path(): string {
    return `/v1/sessions/${this.id}`;
  }
}
