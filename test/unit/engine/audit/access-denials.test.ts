import { describe, expect, test } from "vitest";
import { AccessDenials } from "../../../../src/engine/audit/access-denials.ts";
import { anEvent } from "../../../support/a-log.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { RecordedAudit } from "../../../support/recorded-audit.ts";

const setUp = () => {
  const clock = new ManualClock();
  const audit = new RecordedAudit();
  const faults: unknown[] = [];
  return {
    clock,
    audit,
    faults,
    denials: new AccessDenials(audit, clock, (error) => void faults.push(error)),
  };
};
const stranger = anEvent({ type: "access.denied", tenant: null, actor: null });
const ofKey = (keyId: string, tenant = "t") =>
  anEvent({ type: "access.denied", tenant, actor: { keyId, role: "auditor" } });

test("of requests without a key a hundred a second are recorded, and how many more there were", async () => {
  const { clock, audit, denials } = setUp();
  for (let i = 0; i < 1_250; i += 1) denials.record(stranger);
  expect(audit.events).toHaveLength(100);
  await clock.advance(1_000);
  expect(audit.events).toHaveLength(101);
  expect(audit.events.at(-1)).toMatchObject({ tenant: null, data: { more: 1_150 } });
  denials.record(stranger);
  expect(audit.events).toHaveLength(102);
  await clock.advance(5_000);
  expect(audit.events).toHaveLength(102);
});

describe("a key's denial is recorded", () => {
  test("whatever strangers and other keys send", () => {
    const { audit, denials } = setUp();
    for (let i = 0; i < 1_000; i += 1) denials.record(stranger);
    for (let i = 0; i < 1_000; i += 1) denials.record(ofKey("key_loud", "other"));
    denials.record(ofKey("key_1"));
    expect(audit.events.at(-1)).toEqual(ofKey("key_1"));
    expect(audit.events).toHaveLength(100 + 20 + 1);
  });

  test("up to its own budget, and what is above it is counted for its tenant", async () => {
    const { clock, audit, denials } = setUp();
    for (let i = 0; i < 30; i += 1) denials.record(ofKey("key_1"));
    for (let i = 0; i < 25; i += 1) denials.record(ofKey("key_2", "other"));
    const refusedHost = { ...ofKey("key_1"), type: "posture.refused" as const };
    denials.record(refusedHost);
    expect(audit.events.at(-1)).toEqual(refusedHost);
    await clock.advance(1_000);
    expect(audit.events.slice(-2)).toEqual([
      { ...ofKey("key_1"), subject: {}, data: { more: 10 } },
      { ...ofKey("key_2", "other"), subject: {}, data: { more: 5 } },
    ]);
    denials.record(ofKey("key_1"));
    expect(audit.events.at(-1)).toEqual(ofKey("key_1"));
  });
});

test("more keys than have a budget share one, and strangers keep theirs", async () => {
  const { clock, audit, denials } = setUp();
  for (let i = 0; i < 1_000; i += 1) denials.record(ofKey(`key_${i}`));
  denials.record(stranger);
  expect(audit.events).toHaveLength(500 + 100 + 1);
  await clock.advance(1_000);
  expect(audit.events.at(-1)).toEqual({ ...stranger, subject: {}, data: { more: 400 } });
});

test("what can't be recorded is a fault, and not the request's", () => {
  const { audit, faults, denials } = setUp();
  audit.full = true;
  denials.record(stranger);
  expect(faults).toHaveLength(1);
});
