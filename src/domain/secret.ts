/** Node calls the method of this name when it prints a value. */
const inspect = Symbol.for("nodejs.util.inspect.custom");

/** Text that no log, error or answer shows by accident: only `reveal` gives it out. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect](): string {
    return "[secret]";
  }
}
