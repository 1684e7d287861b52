import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A socket in front of the real engine that a test can cut, as if the engine had died. */
export class EngineProxy implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "cloche-engine-"));
  readonly #sockets = new Set<Socket>();
  readonly #target: string;
  #server: Server | undefined;

  /** Takes the path of the engine's unix socket. */
  constructor(target: string) {
    this.#target = target;
  }

  get dockerHost(): string {
    return `unix://${this.#path}`;
  }

  get #path(): string {
    return join(this.#folder, "engine.sock");
  }

  async up(): Promise<void> {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: this.#target, allowHalfOpen: true });
      for (const socket of [client, engine]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => this.#sockets.delete(socket));
      }
      client.pipe(engine).pipe(client);
    }).listen(this.#path);
    await once(this.#server, "listening");
  }

  async down(): Promise<void> {
    const closed = this.#server && once(this.#server, "close");
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server) await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
