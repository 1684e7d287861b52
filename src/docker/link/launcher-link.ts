import { once } from "node:events";
import type { Duplex } from "node:stream";
import { AttachDemuxer } from "./attach-demuxer.ts";
import {
  type Frame,
  FrameDecoder,
  FrameEncoder,
  FrameError,
  MAX_TO_LAUNCHER_BYTES,
  paddingForResume,
  toLauncher,
} from "./frames.ts";
import { NonceFinder } from "./nonce-finder.ts";

/** The launcher's own complaints, kept for the log; it has none in a healthy sandbox. */
const MAX_COMPLAINT_BYTES = 16 * 1024;

/**
 * Frames over one attach stream of the engine. Each frame is dealt with before more is read, so
 * nothing piles up here. Ends at the first thing that is no frame, or that `onFrame` throws at.
 */
export class LauncherLink {
  readonly #stream: Duplex;
  readonly #onFrame: (frame: Frame) => void;
  readonly #encoder = new FrameEncoder();
  readonly #decoder = new FrameDecoder();
  #finder: NonceFinder | undefined;
  #complaint = "";
  #failure: Error | undefined;
  #fault: Error | undefined;
  #drained: Promise<unknown> | undefined;
  #ended = false;
  /** Resolves when the stream has ended, for whatever reason. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex, onFrame: (frame: Frame) => void) {
    this.#stream = stream;
    this.#onFrame = onFrame;
    const demuxer = new AttachDemuxer(
      (data) => this.#receive(data),
      (data) => this.#complain(data),
    );
    stream.on("data", (data: Buffer) => {
      if (this.#ended) return;
      try {
        demuxer.write(data);
      } catch (error) {
        this.#fault = error instanceof Error ? error : new FrameError(String(error));
        this.close();
      }
    });
    this.closed = new Promise((resolve) => {
      const end = (error?: Error) => {
        this.#failure ??= error;
        this.#ended = true;
        resolve();
      };
      stream.on("error", end);
      stream.on("end", () => end());
      stream.on("close", () => end());
    });
  }

  /** What the launcher said that no sound launcher says. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** Why the stream ended, for the log. */
  get complaint(): string {
    const reason = this.#fault ?? this.#failure;
    return [reason?.message, this.#complaint.trim()].filter(Boolean).join(": ") || "no reason given";
  }

  /** Takes up with a launcher that is up: what it says before the nonce was meant for an older stream. */
  resume(nonce: Buffer): void {
    this.#finder = new NonceFinder(nonce);
    this.cork();
    this.#stream.write(paddingForResume());
    void this.send(toLauncher.resume, nonce);
    this.uncork();
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
    if (!this.#stream.write(this.#encoder.encode(type, payload))) await this.#drain();
  }

  /** Sends bytes in as many frames as they need. */
  async sendAll(type: number, data: Buffer): Promise<void> {
    for (let at = 0; at < data.length && !this.#ended; at += MAX_TO_LAUNCHER_BYTES) {
      await this.send(type, data.subarray(at, at + MAX_TO_LAUNCHER_BYTES));
    }
  }

  close(): void {
    this.#ended = true;
    this.#stream.destroy();
  }

  /** One wait for all that send at the same time. */
  async #drain(): Promise<void> {
    this.#drained ??= Promise.race([once(this.#stream, "drain"), this.closed]);
    await this.#drained;
    this.#drained = undefined;
  }

  #receive(data: Buffer): void {
    const frames = this.#finder ? this.#finder.feed(data) : data;
    if (!frames) return;
    this.#finder = undefined;
    for (const frame of this.#decoder.feed(frames)) {
      if (this.#ended) return;
      this.#onFrame(frame);
    }
  }

  #complain(data: Buffer): void {
    this.#complaint = (this.#complaint + data.toString()).slice(0, MAX_COMPLAINT_BYTES);
  }
}
