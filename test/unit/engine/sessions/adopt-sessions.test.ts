import { describe, expect, test } from "vitest";
import type { Execution } from "../../../../src/domain/execution.ts";
import type { ExecutionEvent } from "../../../../src/domain/execution-event.ts";
import { createExecutionId } from "../../../../src/domain/ids.ts";
import type { NewSessionInput } from "../../../../src/domain/session.ts";
import { SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { adoptSessions } from "../../../../src/engine/sessions/adopt-sessions.ts";
import { anAction, anImage, aPolicy } from "../../../support/builders.ts";
import { anEngine, shutDown } from "../../../support/engine.ts";
import { aReport, FakeRuntime, type FakeSandbox } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession, recordOf, submitTo } from "./in-session.ts";

/** A process that was killed: what it had in memory is gone, its stores and its containers are there. */
const killed = async (spec: NewSessionInput = {}) => {
  const before = await inSession({ spec });
  const { sandbox } = before;
  const runtime = new FakeRuntime();
  runtime.refs = [refOf(sandbox)];
  /** The process after it. */
  const restart = async (settings: Parameters<typeof anEngine>[0] = {}) => {
    const { clock, stores } = before;
    const engine = anEngine({ clock, stores, runtime, ...settings });
    const adoption = await adoptSessions(engine.adoption);
    await settled();
    return { ...engine, adopted: adoption, find: () => engine.sessions.find("t", before.id) };
  };
  return { ...before, runtime, restart };
};

const refOf = ({ sandboxId, containerId }: FakeSandbox) => ({
  sandboxId,
  containerId,
  instance: "i",
  running: true,
  createdAt: 0,
});

const eventsOf = async (live: {
  feed: { read(after: number, signal: AbortSignal): AsyncIterable<ExecutionEvent> };
}) => {
  const events: ExecutionEvent[] = [];
  for await (const event of live.feed.read(0, new AbortController().signal)) events.push(event);
  return events;
};

describe("a session that an earlier process left", () => {
  test("goes on as it was, in its container, and takes its place", async () => {
    const { id, restart, session, sandbox } = await killed({ metadata: { a: "b" }, env: { A: "1" } });
    const before = session.view();
    const { adopted, find, runtime, admission, sessions, clock } = await restart();
    expect(adopted).toEqual({ adopted: 1, lost: 0, lostExecutions: 0 });
    expect(find()).toEqual({ ...before, lastUsedAt: expect.any(String) });
    expect(runtime.made.map(({ containerId }) => containerId)).toEqual([sandbox.containerId]);
    expect(admission.of("t").sandboxes).toBe(1);
    expect(sessions.live("t", id).env).toMatchObject({ A: "1" });
    const live = submitTo(sessions.live("t", id), clock.now());
    expect(JSON.parse(await live.result)).toMatchObject({ session: { sequence: 1 } });
  });

  test("counts its executions on, also those that never ran", async () => {
    const { id, restart, submit, runs } = await killed();
    await submit();
    const waiting = await submit();
    waiting.cancel();
    await runs.last.end(aReport("", { interpreter: 2, stateLost: true }));
    const { sessions, clock } = await restart();
    const session = sessions.live("t", id);
    expect(session.view()).toMatchObject({ sequence: 2, interpreter: 3 });
    expect(JSON.parse(await submitTo(session, clock.now()).result)).toMatchObject({
      session: { sequence: 3 },
    });
  });

  test("is taken also above its tenant's bound, and gives its place back at its end", async () => {
    const { id, restart } = await killed();
    const { adopted, admission, sessions } = await restart({ boundsOf: () => ({ sandboxes: 0, queued: 0 }) });
    expect([adopted.adopted, admission.of("t").sandboxes]).toEqual([1, 1]);
    await sessions.close("t", id);
    expect(admission.of("t").sandboxes).toBe(0);
  });

  test("is not charged again for what it had used", async () => {
    const { restart, runtime } = await killed();
    runtime.onAdopt = (sandbox) => {
      sandbox.cpuMs = 5000;
    };
    const { sessions, charges } = await restart();
    await sessions.heartbeat(100);
    (runtime.made[0] as FakeSandbox).cpuMs = 5100;
    await sessions.heartbeat(100);
    expect(charges.map(({ cpuMs }) => cpuMs)).toEqual([0, 100]);
  });

  test("whose time passed meanwhile ends for that", async () => {
    const { restart, clock } = await killed({ ttlMs: 5000 });
    await clock.advance(0);
    const late = clock.now() + 6000;
    clock.now = () => late;
    const { find, runtime } = await restart();
    await clock.advance(0);
    await settled();
    expect(find()?.termination).toMatchObject({ reason: "ttl" });
    expect(runtime.made[0]?.destroyed).toBe(true);
  });

  test("that was handed over is adopted like one whose process was killed", async () => {
    const { restart, sessions } = await killed();
    sessions.release(shutDown);
    expect((await restart()).adopted.adopted).toBe(1);
  });

  test("that had ended is left alone", async () => {
    const { restart, session } = await killed();
    await session.end("closed");
    const next = await restart();
    expect(next.adopted).toEqual({ adopted: 0, lost: 0, lostExecutions: 0 });
    expect(next.find()?.termination?.reason).toBe("closed");
    expect(next.runtime.made).toEqual([]);
  });
});

describe("an execution that ran when the process was killed", () => {
  test("and ended meanwhile is told with every event from its first, and stored", async () => {
    const { restart, submit, runtime, stores } = await killed();
    const before = await submit();
    runtime.onAdopt = (sandbox) => sandbox.known.set(before.id, aReport("1\n", { interpreter: 1 }));
    const { adopted, ledger, find } = await restart();
    expect(adopted).toEqual({ adopted: 1, lost: 0, lostExecutions: 0 });
    expect(ledger.find("t", before.id)).toBeUndefined();
    const record = recordOf(stores, before.id);
    expect(record).toMatchObject({ status: "finished", observation: { outcome: "ok", stdout: "1\n" } });
    expect(stores.executions.timeline("t", before.id)).toBe("s1 o2");
    expect(runtime.made[0]?.forgotten).toEqual([before.id]);
    expect(find()).toMatchObject({ state: "idle", sequence: 1 });
  });

  test("and goes on is found again, can be read along, and holds up what comes after it", async () => {
    const { id, restart, submit, runtime } = await killed();
    const before = await submit();
    const rest = Promise.withResolvers<ReturnType<typeof aReport>>();
    runtime.onAdopt = (sandbox) => sandbox.known.set(before.id, rest.promise);
    const { ledger, sessions, clock, find } = await restart();
    const live = ledger.find("t", before.id);
    if (!live) throw new Error("it is not found");
    expect([live.record().status, find()?.state]).toEqual(["running", "busy"]);
    const next = submitTo(sessions.live("t", id), clock.now());
    expect(next.record()).toMatchObject({ status: "queued", session: { sequence: 2 } });
    rest.resolve(aReport("later", { interpreter: 1 }));
    expect((await eventsOf(live)).map(({ type }) => type)).toEqual(["started", "stdout", "finished"]);
    expect(JSON.parse(await next.result)).toMatchObject({ status: "finished" });
  });

  test("and took the interpreter with it counts that once, however often it is told", async () => {
    const { restart, submit, runtime, runs, stores, session } = await killed();
    const before = await submit();
    const lost = aReport("", { interpreter: 1, stateLost: true, exitCode: null, signal: 11 });
    // It ended and the session knew; then, before the execution was stored, the process was killed.
    stores.executions.finish = () => {
      throw new Error("killed");
    };
    stores.executions.fail = () => {
      throw new Error("killed");
    };
    await runs.last.end(lost);
    expect(session.view().interpreter).toBe(2);
    Reflect.deleteProperty(stores.executions, "finish");
    Reflect.deleteProperty(stores.executions, "fail");
    runtime.onAdopt = (sandbox) => sandbox.known.set(before.id, lost);
    const { find } = await restart();
    expect(find()).toMatchObject({ interpreter: 2, state: "idle" });
  });

  test("of which the launcher knows nothing begins then, and so do those that waited for it, in their order", async () => {
    const { restart, submit, stores, runtime } = await killed();
    const lives = [await submit(), await submit()];
    const begun: string[] = [];
    runtime.run = async ({ id }, { onEvent }) => {
      begun.push(id);
      onEvent?.({ type: "started" });
      return aReport("then\n");
    };
    const { adopted, find } = await restart();
    expect(adopted.adopted).toBe(1);
    expect(begun).toEqual(lives.map(({ id }) => id));
    for (const { id } of lives) {
      expect(recordOf(stores, id)).toMatchObject({ status: "finished", observation: { stdout: "then\n" } });
    }
    expect(find()).toMatchObject({ state: "idle", sequence: 2 });
  });

  test("in a container of its own is lost, and so is one in a session that is", async () => {
    const { restart, submit, executor, stores, runtime, clock } = await killed();
    const inLost = await submit();
    const alone = await executor.submit(anAction(), { tenant: "t", id: createExecutionId(clock.now()) });
    await settled();
    runtime.refs = [];
    const { adopted, telemetry } = await restart();
    expect(adopted).toEqual({ adopted: 0, lost: 1, lostExecutions: 2 });
    for (const { id } of [inLost, alone]) {
      expect(recordOf(stores, id)).toMatchObject({
        status: "failed",
        error: { code: "execution_lost", infra: true },
      });
    }
    expect(telemetry.faults).toEqual(["execution_lost", "execution_lost"]);
    expect(stores.executions.unfinished()).toEqual([]);
  });
});

describe("a session that can't be adopted ends as such", () => {
  test.each<[string, (parts: Awaited<ReturnType<typeof killed>>) => Parameters<typeof anEngine>[0], string]>([
    [
      "because its container is gone",
      ({ runtime }) => {
        runtime.refs = [];
      },
      "lost",
    ],
    [
      "because its container has ended",
      ({ runtime, sandbox }) => {
        runtime.refs = [{ ...refOf(sandbox), running: false }];
      },
      "lost",
    ],
    [
      "because its launcher doesn't answer",
      ({ runtime }) => {
        runtime.onAdopt = () => {
          throw new SandboxFault("no answer", false);
        };
      },
      "lost",
    ],
    [
      "because its policy is another one",
      () => ({ policies: [aPolicy({ digest: "sha256:other" })] }),
      "policy",
    ],
    ["because its policy is gone", () => ({ policies: [aPolicy({ name: "other" })] }), "policy"],
    [
      "because its policy doesn't allow its image any more",
      ({ runtime }) => {
        runtime.availableImages = [anImage({ digest: "sha256:new" })];
        const { digest } = aPolicy();
        return { policies: [aPolicy({ digest, images: ["python-data"] })] };
      },
      "policy",
    ],
  ])("%s", async (_, change, reason) => {
    const parts = await killed();
    const settings = change(parts) ?? {};
    const { adopted, find, admission, telemetry, sessions } = await parts.restart(settings);
    expect(adopted).toMatchObject({ adopted: 0, lost: 1 });
    const [{ infra }, detail] = [{ infra: reason === "lost" }, expect.stringMatching(/./)];
    expect(find()).toMatchObject({ state: "ended", queued: 0, termination: { reason, infra, detail } });
    expect(admission.of("t").sandboxes).toBe(0);
    expect([telemetry.sessionEnds, sessions.count]).toEqual([[reason], 0]);
    expect(parts.stores.sessions.live()).toEqual([]);
  });
});

test("an image that was built anew is no reason: the container is still of the old one", async () => {
  const { restart, runtime } = await killed();
  runtime.availableImages = [anImage({ digest: "sha256:new" })];
  const { adopted, find } = await restart();
  expect(adopted.adopted).toBe(1);
  expect(find()?.image.digest).toBe(anImage().digest);
});

test("many are adopted together, and one that is lost keeps no other from it", async () => {
  const parts = await killed();
  const others = [await parts.aSession(), await parts.aSession(), await parts.aSession()];
  parts.runtime.refs = [parts, ...others].map(({ sandbox }) => refOf(sandbox));
  parts.runtime.onAdopt = ({ containerId }) => {
    if (containerId === others[1]?.sandbox.containerId) throw new SandboxFault("no answer", false);
  };
  const { adopted, sessions } = await parts.restart();
  expect(adopted).toEqual({ adopted: 3, lost: 1, lostExecutions: 0 });
  expect(sessions.find("t", others[1]?.id ?? "")?.termination?.reason).toBe("lost");
});

test("what a later end of an adopted execution says is what the store has", async () => {
  const { restart, submit, runtime, stores } = await killed();
  const { id } = await submit();
  runtime.onAdopt = (sandbox) => sandbox.known.set(id, aReport("x", { interpreter: 1 }));
  await restart();
  const stored: Execution = JSON.parse(stores.executions.find("t", id) ?? "");
  expect(stored.session).toMatchObject({ sequence: 1, interpreter: 1, stateLost: false });
});
