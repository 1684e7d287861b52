import { describe, expect, test } from "vitest";
import { hasOwnKernel } from "../../../src/domain/own-kernel.ts";

describe("runtimes with a kernel of their own", () => {
  test.each(["runsc", "runsc-kvm", "gvisor", "runsc_debug"])("%s is one", (name) => {
    expect(hasOwnKernel(name)).toBe(true);
  });

  test.each(["runc", "crun", "kata-runtime", "runscape", "my-runsc"])("%s is none", (name) => {
    expect(hasOwnKernel(name)).toBe(false);
  });
});
