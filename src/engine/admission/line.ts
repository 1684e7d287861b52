interface Place<Item> {
  item: Item;
  before: Place<Item> | undefined;
  after: Place<Item> | undefined;
}

/** First in, first out, and whoever stands in the middle can leave at no cost to the others. */
export class Line<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get first(): Item | undefined {
    return this.#first?.item;
  }

  /** Returns how to leave; leaving twice is leaving once. */
  push(item: Item): () => void {
    const place: Place<Item> = { item, before: this.#last, after: undefined };
    if (this.#last) this.#last.after = place;
    else this.#first = place;
    this.#last = place;
    this.#length += 1;
    let here = true;
    return () => {
      if (here) this.#unlink(place);
      here = false;
    };
  }

  /** From the front; nobody may join or leave meanwhile. */
  *[Symbol.iterator](): Generator<Item> {
    for (let place = this.#first; place; place = place.after) yield place.item;
  }

  #unlink({ before, after }: Place<Item>): void {
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    else this.#last = before;
    this.#length -= 1;
  }
}
