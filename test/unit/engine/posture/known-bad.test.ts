import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  findingsOf,
  isReadable,
  loadKnownBad,
  unknownVersion,
} from "../../../../src/engine/posture/known-bad.ts";
import { policiesFolder } from "../../../support/builders.ts";

const knownBad = loadKnownBad(policiesFolder);
const idsOf = (...args: [Parameters<typeof findingsOf>[0], string]) =>
  findingsOf(...args, knownBad).map(({ id, severity }) => `${severity} ${id}`);

describe("versions that are known to be bad", () => {
  test("each has an id of its own", () => {
    expect(new Set(knownBad.map(({ id }) => id)).size).toBe(knownBad.length);
  });

  test.each([
    ["1.0.0-rc6", ["error runc-cve-2019-5736", "warning runc-cve-2021-30465", "error runc-cve-2025-31133"]],
    ["1.1.11", ["error runc-cve-2024-21626", "error runc-cve-2025-31133"]],
    ["1.1.12", ["error runc-cve-2025-31133"]],
    ["1.2.7", ["error runc-cve-2025-31133"]],
    ["1.2.8", []],
    ["1.3.2", ["error runc-cve-2025-31133"]],
    ["1.3.3", []],
    ["1.4.0", []],
  ])("runc %s", (version, ids) => {
    expect(idsOf("runc", version)).toEqual(ids);
  });

  test("a distribution's build that is known to be mended is not told of what it mends", () => {
    expect(idsOf("runc", "1.1.5+ds1-1+deb12u1")).toEqual(["warning runc-cve-2025-31133"]);
  });

  test("another build of a distribution may have the fix: a warning, which says so", () => {
    const [finding] = findingsOf("runc", "1.1.5+ds1-1+b3", knownBad);
    expect(finding).toMatchObject({
      severity: "warning",
      message: expect.stringContaining("ask its changelog"),
    });
  });

  test.each([
    ["5.15.24", ["warning kernel-cve-2022-0847", "info kernel-cve-2024-1086"]],
    ["6.1.36", ["warning kernel-cve-2023-3269", "info kernel-cve-2024-1086"]],
    ["6.18.44-fc-v669", []],
  ])("kernel %s", (version, ids) => {
    expect(idsOf("kernel", version)).toEqual(ids);
  });

  test.each([null, "", "dev", "unknown", "commit-abc", "mainline"])(
    "%j can't be read: patched does not take it, the others tell of it",
    (version) => {
      expect(isReadable(version)).toBe(false);
      expect(unknownVersion("runc", version, "patched")).toMatchObject({
        id: "runc-version-unknown",
        severity: "error",
      });
      expect(unknownVersion("runc", version, "controls").severity).toBe("warning");
      expect(unknownVersion("runc", version, "none").severity).toBe("warning");
    },
  );
});

test.each([
  ["knownBad: [{ id: x }]", "component"],
  ["knownBad: []\nmore: 1", "more"],
])("a file that is not wholly right is refused: %s", (text, field) => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-known-bad-"));
  mkdirSync(join(folder, "posture"));
  writeFileSync(join(folder, "posture", "known-bad.yaml"), text);
  expect(() => loadKnownBad(folder)).toThrow(field);
  rmSync(folder, { recursive: true });
});
