import { expect, test } from "vitest";
import {
  type TerminationReason,
  terminationReasons,
  terminationSchema,
  toTermination,
} from "../../../src/domain/termination.ts";

/** Whose doing each is; a new reason has to say. */
const infra: Record<TerminationReason, boolean> = {
  closed: false,
  ttl: false,
  idle: false,
  memory: false,
  killed: true,
  engine_lost: true,
  launcher_failed: true,
  drained: true,
  policy: false,
  quota: false,
  lost: true,
};

test.each(Object.keys(terminationReasons) as TerminationReason[])("%s says whose fault it is", (reason) => {
  const termination = toTermination(reason, "seen", 1_800_000_000_000);
  expect(terminationSchema.strict().parse(termination)).toEqual({
    reason,
    detail: "seen",
    at: "2027-01-15T08:00:00.000Z",
    infra: infra[reason],
  });
});
