import { describe, expect, test } from "vitest";
import { Idempotency, type OnceRequest } from "../../../src/engine/idempotency.ts";
import { settled } from "../../support/manual-clock.ts";
import { MemoryIdempotencyStore } from "../../support/memory-stores.ts";

const request = (change: Partial<OnceRequest> = {}): OnceRequest => ({
  tenant: "t",
  scope: "POST /v1/things",
  key: "k",
  body: "{}",
  ...change,
});

/** Things by their ids: what is there outlives the process, what is being made doesn't. */
const setUp = (things = new Map<string, string>(), store = new MemoryIdempotencyStore()) => {
  const idempotency = new Idempotency(store);
  const refs: string[] = [];
  const made: string[] = [];
  const once = (change: Partial<OnceRequest> = {}, make: () => void | Promise<void> = () => {}) =>
    idempotency.once(request(change), {
      createRef: () => `thing-${refs.push("")}`,
      first: async (ref) => {
        made.push(ref);
        await make();
        things.set(ref, `made ${ref}`);
        return things.get(ref) ?? "";
      },
      again: async (ref) => things.get(ref),
    });
  return { once, made, things, store, idempotency };
};

describe("a request with a key", () => {
  test("happens once, and is answered the same again", async () => {
    const { once, made } = setUp();
    const first = await once();
    expect(await once()).toBe(first);
    expect(await once()).toBe(first);
    expect(made).toHaveLength(1);
  });

  test("is a conflict with another body, which changes nothing", async () => {
    const { once, made } = setUp();
    const first = await once();
    await expect(once({ body: "[]" })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining('"k"'),
    });
    expect(await once({ body: Buffer.from("{}") })).toBe(first);
    expect(made).toHaveLength(1);
  });

  test.each([
    ["another tenant's", { tenant: "other", body: "[]" }],
    ["another path's", { scope: "POST /v1/others", body: "[]" }],
    ["another", { key: "k2", body: "[]" }],
  ])("has nothing to do with %s", async (_, change) => {
    const { once, made } = setUp();
    expect(await once(change)).not.toBe(await once());
    expect(made).toHaveLength(2);
  });

  test("without one happens each time", async () => {
    const { once, made } = setUp();
    await once({ key: undefined });
    await once({ key: undefined });
    expect(made).toHaveLength(2);
  });
});

describe("both copies at once", () => {
  test("the second waits for the first and gets its answer", async () => {
    const { once, made } = setUp();
    const making = Promise.withResolvers<void>();
    const first = once({}, () => making.promise);
    const second = once();
    await settled();
    making.resolve();
    expect(await second).toBe(await first);
    expect(made).toHaveLength(1);
  });

  test("another tenant's same key neither waits nor lets anybody through", async () => {
    const { once, made } = setUp();
    const making = Promise.withResolvers<void>();
    const first = once({}, () => making.promise);
    await once({ tenant: "other" });
    const second = once();
    await settled();
    making.resolve();
    expect(await second).toBe(await first);
    expect(made).toHaveLength(2);
  });

  test("with another body the second is refused without waiting", async () => {
    const { once } = setUp();
    void once({}, () => new Promise(() => {}));
    await expect(once({ body: "[]" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("where the first fails, one of those that wait makes it and the others get that", async () => {
    const { once, made } = setUp();
    const making = Promise.withResolvers<void>();
    const first = expect(once({}, () => making.promise)).rejects.toThrow("broke");
    const others = [once(), once(), once()];
    await settled();
    making.reject(new Error("broke"));
    await first;
    const answers = await Promise.all(others);
    expect(new Set(answers).size).toBe(1);
    expect(made).toHaveLength(2);
  });

  test("where the first fails, whoever waits is not told that it was done", async () => {
    const { idempotency } = setUp();
    const failing = Promise.withResolvers<string>();
    const tell = (first: () => Promise<string>) =>
      idempotency.once(request(), { createRef: () => "done", first, again: async () => "as it is" });
    const first = expect(tell(() => failing.promise)).rejects.toThrow("nothing runs");
    const second = expect(tell(async () => Promise.reject(new Error("still nothing runs")))).rejects.toThrow(
      "still",
    );
    failing.reject(new Error("nothing runs"));
    await Promise.all([first, second]);
  });
});

describe("a key is free again", () => {
  test("when the request failed, also for another body", async () => {
    const { once, made } = setUp();
    await expect(once({}, () => Promise.reject(new Error("full")))).rejects.toThrow("full");
    expect(await once({ body: "[]" })).toBe("made thing-2");
    expect(made).toHaveLength(2);
  });

  test("when what it made failed later: it is made anew under another id", async () => {
    const { once, things, made } = setUp();
    const first = await once();
    things.clear();
    expect(await once()).not.toBe(first);
    expect(made).toHaveLength(2);
  });
});

describe("over a restart", () => {
  test("what was made is answered by the next process", async () => {
    const before = setUp();
    const first = await before.once();
    const after = setUp(before.things, before.store);
    expect(await after.once()).toBe(first);
    expect(after.made).toEqual([]);
    await expect(after.once({ body: "[]" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("what was claimed and never made is made by the next process, once", async () => {
    const before = setUp();
    void before.once({}, () => new Promise(() => {}));
    const after = setUp(before.things, before.store);
    const answers = await Promise.all([after.once(), after.once()]);
    expect(new Set(answers).size).toBe(1);
    expect(after.made).toHaveLength(1);
  });
});

describe("what is done rather than made", () => {
  const doing = (store: MemoryIdempotencyStore, act: () => Promise<void>) => {
    const seen: string[] = [];
    const once = () =>
      new Idempotency(store).once(request(), {
        createRef: () => "begun",
        settledRef: "done",
        first: async () => {
          await act();
          return "did it";
        },
        again: async (ref) => {
          seen.push(ref);
          return ref === "done" ? "was done" : undefined;
        },
      });
    return { once, seen };
  };

  test("is told apart from what the process before had only begun", async () => {
    const store = new MemoryIdempotencyStore();
    void doing(store, () => new Promise(() => {})).once();
    const { once, seen } = doing(store, async () => {});
    expect(await once()).toBe("did it");
    expect(await once()).toBe("was done");
    expect(seen).toEqual(["begun", "done"]);
  });
});

describe("a store that can't be written", () => {
  test("lets nothing happen that could not be told apart from its repetition", async () => {
    const { once, store, made } = setUp();
    store.full = true;
    await expect(once()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(made).toEqual([]);
  });

  test("while a request fails doesn't hide why it failed, and a retry makes it anew", async () => {
    const { once, store } = setUp();
    const failed = once({}, () => {
      store.full = true;
      return Promise.reject(new Error("broke"));
    });
    await expect(failed).rejects.toThrow("broke");
    store.full = false;
    expect(await once()).toMatch(/^made/);
  });
});
