import { describe, expect, test } from "vitest";
import { formatLock } from "../../../../scripts/images/lock-requirements.ts";
import { targetFlags } from "../../../../scripts/images/wheels.ts";

describe("wheels", () => {
  test("only wheels for the sandbox's Python and platform are taken", () => {
    const flags = targetFlags("aarch64");
    expect(flags).toContain("--only-binary=:all:");
    expect(flags).toContain("--python-version=3.13");
    expect(flags).toContain("--platform=manylinux_2_28_aarch64");
    expect(flags.filter((flag) => flag.includes("x86_64"))).toEqual([]);
  });

  test("a lock names every package once, with the hashes of all architectures", () => {
    const lock = new Map([
      ["b==2", new Set(["22", "11"])],
      ["a==1", new Set(["33"])],
    ]);
    expect(formatLock(lock, "some-image").split("\n").slice(1)).toEqual([
      "a==1 \\",
      "    --hash=sha256:33",
      "b==2 \\",
      "    --hash=sha256:11 \\",
      "    --hash=sha256:22",
      "",
    ]);
  });
});
