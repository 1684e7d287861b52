import { expect, test } from "vitest";
import type { NewAuditEvent } from "../../../../src/domain/audit-event.ts";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { recordRefusal } from "../../../../src/engine/posture/record-refusal.ts";

const recorded = (assertAcceptable: () => void) => {
  const events: NewAuditEvent[] = [];
  recordRefusal({ append: (event) => void events.push(event) }, { assertAcceptable });
  return events;
};

test("a host that may not run code is on record with the reason", () => {
  const events = recorded(() => {
    throw new ServiceError("posture_refused", "This host may not run code: below controls");
  });
  expect(events).toMatchObject([
    { type: "posture.refused", data: { reason: "This host may not run code: below controls" } },
  ]);
});

test("control: of one that may, nothing is", () => {
  expect(recorded(() => {})).toEqual([]);
});
