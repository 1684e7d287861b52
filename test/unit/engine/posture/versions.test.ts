import { describe, expect, test } from "vitest";
import {
  compareVersions,
  isDistributionBuild,
  parseVersion,
} from "../../../../src/engine/posture/versions.ts";

const order = (a: string, b: string) => {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left || !right) throw new Error(`${a} or ${b} is no version`);
  return Math.sign(compareVersions(left, right));
};

describe("versions", () => {
  test.each([
    ["1.1.11", "1.1.12"],
    ["1.1.9", "1.1.12"],
    ["1.0.0-rc6", "1.0.0-rc93"],
    ["1.0-rc6", "1.0.0"],
    ["2.0.0-beta1", "2.0.0-rc.1"],
    ["v1.2.7", "1.2.8"],
    ["1.1.5+ds1-1+deb12u1", "1.1.6"],
    ["20.10.24+dfsg1", "29.4.3"],
    ["6.6.14-custom", "6.6.15"],
    ["1.4.0-rc.2", "1.4.0-rc3"],
  ])("%s is older than %s", (older, newer) => {
    expect(order(older, newer)).toBe(-1);
    expect(order(newer, older)).toBe(1);
  });

  test("a version is no older than itself, whatever a distribution puts behind it", () => {
    expect(order("6.18.44-fc-v669", "6.18.44")).toBe(0);
  });

  test.each(["", "dev", "VERSION_MISSING", "main-3f2c"])("%j is none", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  test.each([
    "1.1.5+ds1-1+deb12u1",
    "20.10.24+dfsg1",
    "28.2.2-0ubuntu1",
    "5.14.0-503.el9.x86_64",
    "6.1.0-40-amd64",
  ])("%s is a distribution's build", (text) => {
    expect(isDistributionBuild(text)).toBe(true);
  });

  test.each(["1.3.4", "1.4.0-rc.2", "29.5.0", "6.18.44-fc-v669", "v2.2.0-beta.1"])(
    "%s is upstream's own",
    (text) => {
      expect(isDistributionBuild(text)).toBe(false);
    },
  );
});
