import { once } from "node:events";
import type { Duplex } from "node:stream";
import { AttachDemuxer } from "./attach-demuxer.ts";
import { type Frame, FrameDecoder, FrameEncoder, FrameError, MAX_PAYLOAD_BYTES } from "./frames.ts";

/** The launcher's own complaints, kept for the log; it has none in a healthy sandbox. */
const MAX_COMPLAINT_BYTES = 16 * 1024;

/** Frames over the engine's attach stream. Ends at the first thing that is no frame. */
export class LauncherLink {
  readonly #stream: Duplex;
  readonly #encoder = new FrameEncoder();
  readonly #decoder = new FrameDecoder();
  readonly #frames: Frame[] = [];
  #wake: (() => void) | undefined;
  #complaint = "";
  #failure: Error | undefined;
  #ended = false;
  /** Resolves when the stream has ended, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.#stream = stream;
    const demuxer = new AttachDemuxer(
      (data) => this.#receive(data),
      (data) => this.#complain(data),
    );
    stream.on("data", (data: Buffer) => {
      try {
        demuxer.write(data);
      } catch (error) {
        this.#fail(error instanceof Error ? error : new FrameError(String(error)));
      }
    });
    this.closed = new Promise((resolve) => {
      const end = (error?: Error) => {
        this.#failure ??= error;
        this.#ended = true;
        this.#wake?.();
        resolve();
      };
      stream.on("error", end);
      stream.on("end", () => end());
      stream.on("close", () => end());
    });
  }

  /** Why the stream ended, for the log. */
  get complaint(): string {
    return [this.#failure?.message, this.#complaint.trim()].filter(Boolean).join(": ") || "no reason given";
  }

  /** Holds frames back until `uncork`, so that they go out in one write. */
  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  /** Queues a frame; resolves when the stream takes more. */
  async send(type: number, payload?: Buffer): Promise<void> {
    if (this.#ended) return;
    if (!this.#stream.write(this.#encoder.encode(type, payload))) {
      await Promise.race([once(this.#stream, "drain"), this.closed]);
    }
  }

  /** Sends bytes in as many frames as they need. */
  async sendAll(type: number, data: Buffer): Promise<void> {
    for (let at = 0; at < data.length; at += MAX_PAYLOAD_BYTES) {
      await this.send(type, data.subarray(at, at + MAX_PAYLOAD_BYTES));
    }
  }

  /** Returns the next frame, or undefined when the stream has ended. One reader at a time. */
  async next(): Promise<Frame | undefined> {
    while (this.#frames.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#stream.isPaused()) this.#stream.resume();
    return this.#frames.shift();
  }

  close(): void {
    this.#stream.destroy();
  }

  #receive(data: Buffer): void {
    for (const frame of this.#decoder.feed(data)) this.#frames.push(frame);
    // A reader that is behind holds the sandbox up, not our memory.
    if (this.#frames.length > 64) this.#stream.pause();
    this.#wake?.();
  }

  #complain(data: Buffer): void {
    this.#complaint = (this.#complaint + data.toString()).slice(0, MAX_COMPLAINT_BYTES);
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.close();
  }
}
