/** What admission promises whatever comes in whatever order. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Accepted, Admission } from "../../../../src/engine/admission/admission.ts";
import { settled } from "../../../support/manual-clock.ts";

interface Run {
  tenant: string;
  sandbox: boolean;
  abort: AbortController;
  accepted: Accepted;
  state: "accepted" | "waiting" | "in" | "left" | "gone";
  leave?: () => void;
}

const tenants = ["a", "b", "c", "d"];
const tenant = fc.constantFrom(...tenants);
const at = fc.nat(20);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("enter" as const), tenant, sandbox: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("accept" as const), tenant, sandbox: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("come" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("leave" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), tenant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("close" as const), at }) },
);

const pick = <Item>(items: Item[], index: number): Item | undefined => items[index % items.length];

class World {
  readonly bounds = { sandboxes: 2, queued: 4 };
  readonly admission: Admission;
  readonly runs: Run[] = [];
  readonly held: { tenant: string; close: () => void }[] = [];
  readonly maxRunning: number;

  constructor(maxRunning: number) {
    this.maxRunning = maxRunning;
    this.admission = new Admission({ maxRunning, maxQueued: 10, boundsOf: () => this.bounds });
  }

  in(state: Run["state"]): Run[] {
    return this.runs.filter((run) => run.state === state);
  }

  accept(tenant: string, sandbox: boolean, waits: boolean): Run | undefined {
    try {
      const accepted = this.admission.accept({ tenant, sandbox, waits });
      const run: Run = { tenant, sandbox, accepted, abort: new AbortController(), state: "accepted" };
      this.runs.push(run);
      return run;
    } catch (error) {
      expect(error).toMatchObject({ code: "capacity_exhausted" });
      return;
    }
  }

  enter(run: Run | undefined): void {
    if (!run) return;
    run.state = "waiting";
    run.accepted.enter(run.abort.signal).then(
      (leave) => Object.assign(run, { leave, state: "in" }),
      () => Object.assign(run, { state: "gone" }),
    );
  }

  drop(run: Run | undefined): void {
    if (!run) return;
    run.state = "gone";
    run.accepted.drop();
  }

  leave(run: Run | undefined): void {
    if (!run) return;
    run.state = "left";
    run.leave?.();
  }

  hold(tenant: string): void {
    const before = this.admission.of(tenant).sandboxes;
    try {
      this.held.push({ tenant, close: this.admission.holdSandbox(tenant) });
      expect(before).toBeLessThan(this.bounds.sandboxes);
    } catch (error) {
      expect(before).toBe(this.bounds.sandboxes);
      expect(error).toMatchObject({ code: "capacity_exhausted" });
    }
  }

  close(index: number): void {
    if (this.held.length > 0) this.held.splice(index % this.held.length, 1)[0]?.close();
  }

  sandboxesOf(tenant: string): number {
    const own = (other: { tenant: string }) => other.tenant === tenant;
    return this.in("in").filter((run) => own(run) && run.sandbox).length + this.held.filter(own).length;
  }

  check(): void {
    const { admission, maxRunning, bounds } = this;
    const running = this.in("in");
    const waiting = this.in("waiting");
    const queuedRuns = [...waiting, ...this.in("accepted")];
    expect(running.length).toBeLessThanOrEqual(maxRunning);
    expect(admission).toMatchObject({ running: running.length, queued: queuedRuns.length });
    for (const name of tenants) {
      const queued = queuedRuns.filter((run) => run.tenant === name).length;
      expect(queued).toBeLessThanOrEqual(bounds.queued);
      expect(this.sandboxesOf(name)).toBeLessThanOrEqual(bounds.sandboxes);
      expect(admission.of(name)).toEqual({ sandboxes: this.sandboxesOf(name), queued });
    }
    // Whoever waits has to.
    if (running.length === maxRunning) return;
    for (const run of waiting) {
      expect(run.sandbox).toBe(true);
      expect(this.sandboxesOf(run.tenant)).toBe(bounds.sandboxes);
    }
  }
}

test("bounds hold, counts are right, and nobody waits without need", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 60 }),
      async (places, steps) => {
        const world = new World(places);
        for (const action of steps) {
          if (action.do === "enter") world.enter(world.accept(action.tenant, action.sandbox, false));
          else if (action.do === "accept") world.accept(action.tenant, action.sandbox, true);
          else if (action.do === "come") world.enter(pick(world.in("accepted"), action.at));
          else if (action.do === "drop") world.drop(pick(world.in("accepted"), action.at));
          else if (action.do === "leave") world.leave(pick(world.in("in"), action.at));
          else if (action.do === "abort")
            pick(world.in("waiting"), action.at)?.abort.abort(new Error("gone"));
          else if (action.do === "hold") world.hold(action.tenant);
          else world.close(action.at);
          await settled();
          world.check();
        }
        while (world.held.length > 0) world.close(0);
        for (const run of world.in("accepted")) world.enter(run);
        await settled();
        while (world.in("in").length > 0) {
          for (const run of world.in("in")) world.leave(run);
          await settled();
          world.check();
        }
        expect(world.in("waiting")).toEqual([]);
        await world.admission.drain();
        expect(world.admission.tenants).toBe(0);
      },
    ),
    { numRuns: 150 },
  );
});

test("nobody starves: the k-th of a tenant is in after at most T times k places came free", async () => {
  const arrival = fc.record({ tenant, count: fc.integer({ min: 0, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 40 }), async (arrivals) => {
      const bounds = { sandboxes: 1000, queued: 1000 };
      const admission = new Admission({ maxRunning: 1, maxQueued: 1000, boundsOf: () => bounds });
      const signal = new AbortController().signal;
      let leave = await admission.enter({ tenant: "a", sandbox: true, signal });
      let releases = 0;
      let joined = 0;
      const entered: { tenant: string; order: number; late: boolean }[] = [];
      const join = (name: string) => {
        const due = releases + tenants.length * (admission.of(name).queued + 1);
        const order = joined++;
        void admission.enter({ tenant: name, sandbox: true, signal }).then((leaveToo) => {
          leave = leaveToo;
          entered.push({ tenant: name, order, late: releases > due });
        });
      };
      const release = async () => {
        releases += 1;
        leave();
        await settled();
      };
      for (const name of tenants) join(name);
      for (const { tenant: name, count } of arrivals) {
        for (let turn = 0; turn < count; turn += 1) join(name);
        await release();
      }
      while (admission.running > 0) await release();
      expect(entered).toHaveLength(joined);
      expect(entered.filter(({ late }) => late)).toEqual([]);
      for (const name of tenants) {
        const orders = entered.filter((run) => run.tenant === name).map(({ order }) => order);
        expect(orders).toEqual(orders.toSorted((a, b) => a - b));
      }
    }),
    { numRuns: 100 },
  );
});
