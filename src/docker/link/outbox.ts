import type { LauncherLink } from "./launcher-link.ts";

/** A frame on its way; `sent` once a link took it. */
export interface Ticket {
  sent: boolean;
}

interface Item extends Ticket {
  type: number;
  payload: Buffer;
}

/**
 * Frames for the launcher, in order. They wait while there is no link, and while a run's inputs are
 * under way: between those the launcher takes nothing else.
 */
export class Outbox {
  #link: LauncherLink | undefined;
  /** The link that a run's inputs go through. */
  #taken: LauncherLink | undefined;
  #sending: Promise<void> = Promise.resolve();
  #waiting: Item[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  put(type: number, payload: Buffer): Ticket {
    const item = { type, payload, sent: false };
    this.#waiting.push(item);
    this.#flush();
    return item;
  }

  /** Takes back what was not sent. */
  withdraw(ticket: Ticket): void {
    if (!ticket.sent) this.#waiting = this.#waiting.filter((item) => item !== ticket);
  }

  /** From here on frames go to this link, or, without one, wait. */
  connect(link: LauncherLink | undefined): void {
    this.#link = link;
    this.#flush();
  }

  /** Sends a run's frames over this link with nothing between them, after those of the run before. */
  sendRun(link: LauncherLink, send: (link: LauncherLink) => Promise<void>): void {
    if (this.#taken === link) {
      void this.#sending.then(() => this.sendRun(link, send));
      return;
    }
    this.#taken = link;
    this.#sending = send(link).then(() => {
      if (this.#taken !== link) return;
      this.#taken = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#link && this.#link !== this.#taken) {
      const item = this.#waiting.shift();
      if (!item) return;
      item.sent = true;
      void this.#link.send(item.type, item.payload);
    }
  }
}
