import { FileRefused } from "../../engine/ports/sandbox-files.ts";
import type { LauncherCalls } from "../link/launcher-calls.ts";

/** What one call brings, with room for its head. */
const PIECE_BYTES = 60 * 1024;
/** What the launcher lets wait for the program. */
const MAX_WAITING_BYTES = 1024 * 1024;
const EAGAIN = 11;

/** Bytes for a run's open stdin, one feeding after the other, each whole or not at all. */
export class StdinFeed {
  readonly #calls: LauncherCalls;
  #last: Promise<void> = Promise.resolve();

  constructor(calls: LauncherCalls) {
    this.#calls = calls;
  }

  async feed(run: string, data: Buffer, close: boolean): Promise<void> {
    const before = this.#last;
    const turn = before.then(() => this.#feed(run, data, close));
    this.#last = turn.catch(() => {});
    await turn;
  }

  async #feed(run: string, data: Buffer, close: boolean): Promise<void> {
    if (data.length > PIECE_BYTES) await this.#assertRoom(run, data.length);
    let at = 0;
    do {
      const piece = data.subarray(at, at + PIECE_BYTES);
      at += PIECE_BYTES;
      await this.#calls.ask("stdin", { run, close: close && at >= data.length }, piece);
    } while (at < data.length);
  }

  /** The program only takes away from what waits, so what fits at first fits to the end. */
  async #assertRoom(run: string, bytes: number): Promise<void> {
    const { head } = await this.#calls.ask("stdin", { run, close: false });
    if (head.waiting + bytes > MAX_WAITING_BYTES)
      throw new FileRefused(EAGAIN, "the program takes no more at the moment");
  }
}
