import { describe, expect, test } from "vitest";
import { compareTraces, type ImageTrace } from "../../../../scripts/seccomp/trace-file.ts";

const aTrace = (calls: string[], seen: Record<string, string[]> = {}): ImageTrace => {
  const part = { calls, arguments: seen };
  const none = { calls: ["read"], arguments: {} };
  return {
    image: "python",
    machine: "x86_64",
    python: "3.13.5",
    glibc: "2.41",
    kernel: "6.1",
    parts: { strict: part, session: none, std: none },
  };
};

describe("a fresh trace beside the recorded one", () => {
  test("with the same calls has not drifted", () => {
    expect(compareTraces(aTrace(["read", "write"]), aTrace(["read", "write"]), [])).toEqual([]);
  });

  test("with another call has, and it is named", () => {
    expect(compareTraces(aTrace(["read"]), aTrace(["read", "bpf"]), [])).toEqual([
      "+ python on x86_64, corpus strict: bpf is called and not recorded",
    ]);
  });

  test("without one of the calls has", () => {
    expect(compareTraces(aTrace(["read", "link"]), aTrace(["read"]), [])).toEqual([
      "- python on x86_64, corpus strict: link is recorded and not called any more",
    ]);
  });

  test("with other arguments has", () => {
    const kept = aTrace(["socket"], { socket: ["0x1,0x0"] });
    const fresh = aTrace(["socket"], { socket: ["0x1,0x0", "0x26,0x0"] });
    expect(compareTraces(kept, fresh, [])).toEqual([
      "+ python on x86_64, corpus strict: socket(0x26,0x0) is called and not recorded",
    ]);
  });

  test("may lack or have what is a matter of timing", () => {
    expect(compareTraces(aTrace(["read", "futex"]), aTrace(["read", "poll"]), ["futex", "poll"])).toEqual([]);
  });
});
