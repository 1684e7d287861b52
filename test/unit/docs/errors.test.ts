import { expect, test } from "vitest";
import { errorCodes } from "../../../src/domain/errors.ts";
import { outcomes } from "../../../src/domain/outcome.ts";
import {
  type TerminationReason,
  terminationReasons,
  toTermination,
} from "../../../src/domain/termination.ts";
import { statusOfCode } from "../../../src/http/problem.ts";
import { codeIn, readDocument, tableOf } from "./documents.ts";

const errors = readDocument("docs/errors.md");

test("docs/errors.md has every error code as the service answers it, and no other", () => {
  const told = tableOf(errors, "code").map(([code, status, retryable, infra]) => [
    codeIn(code),
    { status: Number(status), retryable: retryable === "yes", infra: infra === "yes" },
  ]);
  const meant = Object.entries(errorCodes).map(([code, { retryable, infra }]) => [
    code,
    { status: statusOfCode[code as keyof typeof errorCodes], retryable, infra },
  ]);
  expect(Object.fromEntries(told)).toEqual(Object.fromEntries(meant));
  expect(told).toHaveLength(meant.length);
});

test("every error has a cause and something to do about it", () => {
  for (const [code, , , , cause = "", remedy = ""] of tableOf(errors, "code")) {
    expect(cause.length, code).toBeGreaterThan(20);
    expect(remedy.length, code).toBeGreaterThan(10);
  }
});

test("docs/errors.md has every outcome with its meaning and evidence, and no other", () => {
  const rows = tableOf(errors, "outcome");
  expect(Object.fromEntries(rows.map(([outcome, meaning]) => [codeIn(outcome), meaning]))).toEqual(outcomes);
  for (const [outcome, , evidence = ""] of rows) expect(evidence.length, outcome).toBeGreaterThan(10);
});

test("docs/errors.md has every reason for a session's end as it is told, and no other", () => {
  const rows = tableOf(errors, "reason");
  const meant = Object.entries(terminationReasons).map(([reason, meaning]) => {
    const { infra } = toTermination(reason as TerminationReason, "", 0);
    return [reason, meaning, infra ? "yes" : "no"];
  });
  expect(rows.map(([reason, meaning, infra]) => [codeIn(reason), meaning, infra])).toEqual(meant);
  for (const [reason, , , seen = ""] of rows) expect(seen.length, reason).toBeGreaterThan(10);
});

test("the README's table names every outcome, and no other", () => {
  const named = tableOf(readDocument("README.md"), "outcome").flatMap(([cell = ""]) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(named.sort()).toEqual(Object.keys(outcomes).sort());
});
