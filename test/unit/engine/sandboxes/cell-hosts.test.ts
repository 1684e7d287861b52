import { describe, expect, test } from "vitest";
import type { SandboxContainer } from "../../../../src/engine/ports/runtime.ts";
import { type CellHost, CellHosts } from "../../../../src/engine/sandboxes/cell-hosts.ts";
import { aReport, FakeSandbox } from "../../../support/fake-runtime.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";

const KEY = "image policy tenant";
const IDLE_MS = 1000;
const never = new AbortController().signal;

/** A sandbox of which the wipe ends when the test says so. */
class SlowSandbox extends FakeSandbox {
  readonly #wiped = Promise.withResolvers<{ residue: string[] }>();

  override async wipe(): Promise<{ residue: string[] }> {
    this.wipes += 1;
    return await this.#wiped.promise;
  }

  async endWipe(): Promise<void> {
    this.#wiped.resolve({ residue: this.residue });
    await settled();
  }
}

const setUp = ({ maxResting = 2 } = {}) => {
  const clock = new ManualClock();
  const discarded: SandboxContainer[] = [];
  const faults: unknown[] = [];
  const hosts = new CellHosts({
    clock,
    maxResting,
    idleMs: IDLE_MS,
    discard: (container) => void discarded.push(container),
    onFault: (error) => void faults.push(error),
  });
  let made = 0;
  const aSandbox = <T extends FakeSandbox>(
    Kind: new (...args: ConstructorParameters<typeof FakeSandbox>) => T,
  ) => {
    made += 1;
    return new Kind(`sbx_${made}`, `container-${made}`, async () => aReport());
  };
  /** One that was wiped and found clean. */
  const rest = async (cells = 1): Promise<FakeSandbox> => {
    const container = aSandbox(FakeSandbox);
    hosts.giveBack(KEY, { container, cells });
    await settled();
    return container;
  };
  /** One of which the wipe is under way. */
  const wiping = (): SlowSandbox => {
    const container = aSandbox(SlowSandbox);
    hosts.giveBack(KEY, { container, cells: 1 });
    return container;
  };
  return { clock, hosts, discarded, faults, rest, wiping };
};

describe("a sandbox that rests", () => {
  test("control: is taken once, with what it has served, and is not discarded", async () => {
    const { hosts, discarded, rest } = setUp();
    const container = await rest(2);
    expect(await hosts.take(KEY, never)).toEqual<CellHost>(expect.objectContaining({ container, cells: 2 }));
    expect(await hosts.take(KEY, never)).toBeUndefined();
    container.die();
    await settled();
    expect(discarded).toEqual([]);
  });

  test("is discarded when it dies, and nobody gets it", async () => {
    const { hosts, discarded, rest } = setUp();
    const container = await rest();
    container.die();
    await settled();
    expect(discarded).toEqual([container]);
    expect(await hosts.take(KEY, never)).toBeUndefined();
  });

  test("is discarded when it has rested for too long, or is one too many", async () => {
    const { clock, hosts, discarded, rest } = setUp();
    const [first, second, third] = [await rest(), await rest(), await rest()];
    expect(discarded).toEqual([first]);
    await clock.advance(IDLE_MS);
    hosts.closeIdle();
    expect(discarded).toEqual([first]);
    await clock.advance(1);
    hosts.closeIdle();
    expect(discarded).toEqual([first, second, third]);
  });
});

describe("while one is wiped", () => {
  test("whoever waits for it gets it", async () => {
    const { hosts, wiping } = setUp();
    const container = wiping();
    const taken = hosts.take(KEY, never);
    await container.endWipe();
    expect(await taken).toMatchObject({ cells: 1 });
  });

  test("whoever waits for it and goes away is let go at once, and it rests for the next", async () => {
    const { hosts, discarded, wiping } = setUp();
    const container = wiping();
    const abort = new AbortController();
    const taken = hosts.take(KEY, abort.signal);
    const reason = new Error("gone");
    abort.abort(reason);
    await expect(taken).rejects.toBe(reason);
    expect(discarded).toEqual([]);
    await container.endWipe();
    expect((await hosts.take(KEY, never))?.container).toBe(container);
  });

  test("whoever has gone away before is not let wait", async () => {
    const { hosts, wiping } = setUp();
    wiping();
    const reason = new Error("gone");
    await expect(hosts.take(KEY, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test("closing waits for it, and it is discarded although it is clean", async () => {
    const { hosts, discarded, faults, wiping } = setUp();
    const container = wiping();
    let isClosed = false;
    const closed = hosts.close().then(() => {
      isClosed = true;
    });
    await settled();
    expect(isClosed).toBe(false);
    await container.endWipe();
    await closed;
    expect(discarded).toEqual([container]);
    expect(faults).toEqual([]);
    expect(await hosts.take(KEY, never)).toBeUndefined();
  });

  test("one that is given back after closing is discarded, too", async () => {
    const { hosts, discarded, rest } = setUp();
    await hosts.close();
    const container = await rest();
    expect(discarded).toEqual([container]);
    expect(await hosts.take(KEY, never)).toBeUndefined();
  });

  test("what is left behind is told once, and it is discarded", async () => {
    const { hosts, discarded, faults, wiping } = setUp();
    const container = wiping();
    const taken = hosts.take(KEY, never);
    container.residue = ["/tmp is not as it was"];
    await container.endWipe();
    expect(await taken).toBeUndefined();
    expect(discarded).toEqual([container]);
    expect(faults.map(String)).toEqual([expect.stringContaining("/tmp is not as it was")]);
  });
});
