/**
 * Node's own inspector of a process: collects its garbage and says what is left. Without that, memory says more of when
 * the collector last ran than of what the process holds.
 */
import { z } from "zod";

const replySchema = z.object({ id: z.int(), result: z.record(z.string(), z.unknown()).optional() });
const usageSchema = z.object({ usedSize: z.number(), backingStorageSize: z.number().default(0) });

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const reply = replySchema.safeParse(JSON.parse(String(data)));
      if (!reply.success) return;
      this.#waiting.get(reply.data.id)?.(reply.data.result);
      this.#waiting.delete(reply.data.id);
    });
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error(`no inspector at ${url}`)), { once: true });
    });
    return new Inspector(socket);
  }

  /** Bytes of the heap, and of buffers outside of it, that are still reachable. Never resolves once the process is gone. */
  async liveBytes(): Promise<number> {
    await this.#ask("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = usageSchema.parse(await this.#ask("Runtime.getHeapUsage"));
    return usedSize + backingStorageSize;
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method }));
    return answer;
  }
}
