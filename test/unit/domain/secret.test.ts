import { Writable } from "node:stream";
import { inspect } from "node:util";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Secret } from "../../../src/domain/secret.ts";

const PLANTED = "clo_planted-value";
const secret = new Secret(PLANTED);

test.each<[string, () => string]>([
  ["joined to text", () => `${secret}`],
  ["as JSON", () => JSON.stringify({ secret, list: [secret] })],
  [
    "inspected, also deep inside and with all that is hidden",
    () => inspect({ a: { b: [secret] } }, { showHidden: true, depth: 9 }),
  ],
  ["spread into another object", () => JSON.stringify({ ...secret })],
  ["in an error's message", () => String(new Error(`key ${secret}`))],
  [
    "in a log line",
    () => {
      let lines = "";
      const sink = new Writable({
        write: (chunk, _, done) => {
          lines += chunk;
          done();
        },
      });
      pino({}, sink).error({ err: Object.assign(new Error("x"), { secret }), secret }, "%s", secret);
      return lines;
    },
  ],
])("%s it is not shown", (_, show) => {
  const shown = show();
  expect(shown).not.toContain(PLANTED);
  expect(shown.length).toBeGreaterThan(0);
});

test("only reveal gives it out", () => {
  expect(secret.reveal()).toBe(PLANTED);
});
