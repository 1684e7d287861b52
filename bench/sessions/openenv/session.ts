/** One session of an OpenEnv server: its own protocol over a WebSocket, as its Python client speaks it. */
import { z } from "zod";

const replySchema = z.union([
  z.object({
    type: z.literal("observation"),
    data: z.object({ observation: z.object({ stdout: z.string(), stderr: z.string() }) }),
  }),
  z.object({ type: z.literal("error"), data: z.object({ message: z.string() }) }),
]);

export class OpenEnvSession {
  readonly #socket: WebSocket;
  #waiting: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#waiting?.resolve(String(data)));
    socket.addEventListener("close", () => this.#waiting?.reject(new Error("OpenEnv closed the socket")));
  }

  /** Connected and reset, so that it can step. */
  static async open(port: number): Promise<OpenEnvSession> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("no WebSocket to OpenEnv")), { once: true });
    });
    const session = new OpenEnvSession(socket);
    await session.#ask({ type: "reset", data: {} });
    return session;
  }

  /** Returns what the code printed. Requests are answered in order: send one at a time. */
  async step(code: string): Promise<string> {
    return await this.#ask({ type: "step", data: { code } });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.close();
  }

  async #ask(message: object): Promise<string> {
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#socket.send(JSON.stringify(message));
    const reply = replySchema.parse(JSON.parse(await answer));
    if (reply.type === "error") throw new Error(`OpenEnv: ${reply.data.message}`);
    return reply.data.observation.stdout;
  }
}
