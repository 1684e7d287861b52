import { describe, expect, test } from "vitest";
import { Admission } from "../../../../src/engine/admission/admission.ts";
import type { ShareBounds } from "../../../../src/engine/admission/tenant-share.ts";
import { settled } from "../../../support/manual-clock.ts";

const never = new AbortController().signal;

const setUp = ({ maxRunning = 1, maxQueued = 5, bounds = {} as Record<string, ShareBounds> } = {}) => {
  const wide = { sandboxes: 100, queued: 100 };
  const admission = new Admission({
    maxRunning,
    maxQueued,
    boundsOf: (tenant) => bounds[tenant] ?? wide,
  });
  const entered: string[] = [];
  /** Waits, if it has to, in a place of its own in `entered`; resolves to what gives the place back. */
  const enter = async (name: string, { sandbox = true, signal = never } = {}) => {
    const leave = await admission.enter({ tenant: name.slice(0, 1), sandbox, signal });
    entered.push(name);
    return leave;
  };
  return { admission, enter, entered, bounds };
};

const full = { code: "capacity_exhausted", retryAfterSeconds: 1 };

describe("the service's bounds", () => {
  test("over its queue it refuses at once, with a time to retry", async () => {
    const { admission, enter } = setUp({ maxQueued: 1 });
    await enter("a1");
    void enter("a2");
    const message = "The queue is full: 1 running, 1 waiting";
    await expect(enter("b1")).rejects.toMatchObject({ ...full, message });
    expect(admission).toMatchObject({ running: 1, queued: 1 });
  });

  test("without a queue the first ones still run", async () => {
    const { enter } = setUp({ maxQueued: 0 });
    const leave = await enter("a1");
    await expect(enter("a2")).rejects.toMatchObject(full);
    leave();
    await enter("a3");
  });

  test("giving a place back twice gives it back once", async () => {
    const { admission, enter } = setUp({ maxRunning: 2 });
    const leave = await enter("a1");
    await enter("a2");
    leave();
    leave();
    expect(admission.running).toBe(1);
  });

  test("draining refuses newcomers and waits for what was accepted, queued included", async () => {
    const { admission, enter } = setUp();
    const first = await enter("a1");
    const second = enter("a2");
    let drained = false;
    const drain = admission.drain().then(() => {
      drained = true;
    });
    await expect(enter("a3")).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(() => admission.holdSandbox("a")).toThrow("shutting down");
    first();
    const leave = await second;
    await settled();
    expect(drained).toBe(false);
    leave();
    await drain;
  });

  test("draining ends when the last one that waits gives up", async () => {
    const { admission, enter } = setUp({ bounds: { a: { sandboxes: 1, queued: 9 } } });
    admission.holdSandbox("a");
    const abort = new AbortController();
    const waiting = enter("a1", { signal: abort.signal });
    const drain = admission.drain();
    abort.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await drain;
  });
});

describe("tenants", () => {
  test("take turns, each with its own in order", async () => {
    const { enter, entered } = setUp({ maxQueued: 9 });
    const leave = await enter("a0");
    const passOn = (name: string) => enter(name).then((leaveToo) => leaveToo());
    const places = ["a1", "a2", "a3", "b1", "b2", "c1"].map(passOn);
    leave();
    await Promise.all(places);
    expect(entered).toEqual(["a0", "a1", "b1", "c1", "a2", "b2", "a3"]);
  });

  test("at their own queue's bound are told so, and others still wait", async () => {
    const { admission, enter } = setUp({ bounds: { a: { sandboxes: 9, queued: 1 } } });
    await enter("a1");
    void enter("a2");
    const message = "The tenant's queue is full: 1 of its executions wait, its bound is 1";
    await expect(enter("a3")).rejects.toMatchObject({ ...full, message });
    void enter("b1");
    expect(admission.queued).toBe(2);
    expect(admission.of("a")).toEqual({ sandboxes: 1, queued: 1 });
  });

  test("whose sandboxes are all in use wait, are passed over, and keep their turn", async () => {
    const { admission, enter, entered } = setUp({
      maxRunning: 2,
      bounds: { a: { sandboxes: 1, queued: 9 } },
    });
    const leaveA = await enter("a1");
    void enter("a2");
    const leaveB = await enter("b1");
    void enter("b2");
    leaveB();
    await settled();
    expect(entered).toEqual(["a1", "b1", "b2"]);
    void enter("b3");
    leaveA();
    await settled();
    expect(entered).toEqual(["a1", "b1", "b2", "a2"]);
    expect(admission.of("a")).toEqual({ sandboxes: 1, queued: 0 });
  });

  test("run in their sessions even when their other executions wait for a sandbox", async () => {
    const { admission, enter, entered } = setUp({
      maxRunning: 2,
      bounds: { a: { sandboxes: 1, queued: 9 } },
    });
    const close = admission.holdSandbox("a");
    void enter("a1");
    const leave = await enter("a2", { sandbox: false });
    const other = await enter("b1");
    void enter("a3", { sandbox: false });
    leave();
    await settled();
    expect(entered).toEqual(["a2", "b1", "a3"]);
    other();
    close();
    await settled();
    expect(entered).toEqual(["a2", "b1", "a3", "a1"]);
  });

  test("that may have no sandbox don't wait for one", async () => {
    const { enter } = setUp({ bounds: { a: { sandboxes: 0, queued: 9 } } });
    const message = "The tenant has no sandbox left: its bound is 0";
    await expect(enter("a1")).rejects.toMatchObject({ ...full, message });
    await enter("a2", { sandbox: false });
  });

  test("whose bound was raised go in at once", async () => {
    const { admission, bounds, enter } = setUp({
      maxRunning: 2,
      bounds: { a: { sandboxes: 1, queued: 9 } },
    });
    await enter("a1");
    const waiting = enter("a2");
    bounds["a"] = { sandboxes: 2, queued: 9 };
    admission.recheck("a");
    await waiting;
  });
});

describe("sandboxes of sessions", () => {
  test("are refused above the tenant's bound, which the refusal names", () => {
    const { admission } = setUp({ bounds: { a: { sandboxes: 2, queued: 0 } } });
    const giveBack = admission.holdSandbox("a");
    admission.holdSandbox("a");
    expect(() => admission.holdSandbox("a")).toThrow(
      expect.objectContaining({ ...full, message: "The tenant has no sandbox left: its bound is 2" }),
    );
    admission.holdSandbox("b");
    giveBack();
    giveBack();
    expect(admission.of("a").sandboxes).toBe(1);
    admission.holdSandbox("a");
  });

  test("that were adopted count, whatever the bound says", () => {
    const { admission } = setUp({ bounds: { a: { sandboxes: 1, queued: 0 } } });
    admission.holdSandbox("a", { adopted: true });
    admission.holdSandbox("a", { adopted: true });
    expect(admission.of("a").sandboxes).toBe(2);
    expect(() => admission.holdSandbox("a")).toThrow("its bound is 1");
  });
});

describe("whoever gives up", () => {
  test("leaves the queue and takes no place", async () => {
    const { admission, enter, entered } = setUp();
    const leave = await enter("a1");
    const abort = new AbortController();
    const waiting = enter("a2", { signal: abort.signal });
    const third = enter("a3");
    abort.abort(new Error("gave up"));
    await expect(waiting).rejects.toThrow("gave up");
    expect(admission.queued).toBe(1);
    leave();
    (await third)();
    expect(entered).toEqual(["a1", "a3"]);
    expect(admission).toMatchObject({ running: 0, queued: 0 });
    expect(admission.of("a")).toEqual({ sandboxes: 0, queued: 0 });
  });

  test("before it came doesn't come in", async () => {
    const { admission, enter } = setUp();
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(enter("a1", { signal })).rejects.toThrow("gone");
    expect(admission.running).toBe(0);
  });
});

describe("an accepted execution", () => {
  const plain = { tenant: "a", sandbox: false };

  test("that waits for something else counts, and isn't refused any more", async () => {
    const { admission, enter } = setUp({ maxQueued: 1 });
    const accepted = admission.accept({ ...plain, waits: true });
    expect(admission).toMatchObject({ running: 0, queued: 1 });
    expect(admission.of("a")).toEqual({ sandboxes: 0, queued: 1 });
    expect(() => admission.accept({ ...plain, waits: true })).toThrow(
      "The queue is full: 0 running, 1 waiting",
    );
    const leave = await enter("b1");
    await expect(enter("b2")).rejects.toMatchObject(full);
    const entering = accepted.enter(never);
    leave();
    await entering;
    expect(admission).toMatchObject({ running: 1, queued: 0 });
  });

  test("keeps a drain waiting and comes in meanwhile", async () => {
    const { admission } = setUp();
    const accepted = admission.accept({ ...plain, waits: true });
    let drained = false;
    const drain = admission.drain().then(() => {
      drained = true;
    });
    await settled();
    expect(drained).toBe(false);
    const leave = await accepted.enter(never);
    leave();
    await drain;
  });

  test("that is dropped leaves nothing", async () => {
    const { admission } = setUp({ maxQueued: 1 });
    const accepted = admission.accept({ ...plain, waits: true });
    accepted.drop();
    accepted.drop();
    expect(admission).toMatchObject({ queued: 0, tenants: 0 });
    await admission.drain();
  });

  test("of an earlier process is taken whatever the bounds say", async () => {
    const { admission } = setUp({ maxQueued: 0, bounds: { a: { sandboxes: 0, queued: 0 } } });
    const adopted = [1, 2].map(() => admission.accept({ ...plain, adopted: true }));
    expect(admission.of("a").queued).toBe(2);
    for (const accepted of adopted) (await accepted.enter(never))();
    expect(admission).toMatchObject({ running: 0, queued: 0, tenants: 0 });
  });

  test("asking for room takes none", async () => {
    const { admission, enter } = setUp({ maxQueued: 0 });
    for (let turn = 0; turn < 3; turn += 1) admission.assertRoom("a", { sandbox: true });
    expect(admission).toMatchObject({ queued: 0, tenants: 0 });
    await enter("a1");
    expect(() => admission.assertRoom("b")).toThrow("The queue is full");
  });
});
