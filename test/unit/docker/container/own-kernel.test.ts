import { describe, expect, test } from "vitest";
import { processBounds } from "../../../../src/docker/container/own-kernel.ts";
import { asSeenByEngine } from "../../../../src/docker/container/seen-by-engine.ts";
import { missingControls } from "../../../../src/domain/sandbox.ts";
import { aHello, aPolicy } from "../../../support/builders.ts";

const MiB = 1024 * 1024;

describe("runtimes with a kernel of their own", () => {
  test("processes are bounded by user there, inside a wider bound of the host's", () => {
    expect(processBounds(64, "runc")).toEqual({ pids: 64, ulimits: [] });
    const { pids, ulimits } = processBounds(64, "runsc");
    expect(ulimits).toEqual([{ Name: "nproc", Soft: 64, Hard: 64 }]);
    expect(pids).toBeGreaterThan(64 * 4);
  });
});

describe("what the engine sees of a sandbox that can't see its cgroup", () => {
  const blind = aHello({ memoryBytes: 2 ** 62, swapBytes: 0 });
  const stats = (memory: object) => ({ stats: async () => ({ memory_stats: memory }) }) as never;
  const missing = async (memory: object) =>
    missingControls(await asSeenByEngine(stats(memory), blind), aPolicy());

  test("control: without its word the memory limit is missing", () => {
    expect(missingControls(blind, aPolicy())).toEqual(["memory"]);
  });

  test("the policy's limit on the host counts as in force, another one does not", async () => {
    const stats = { hierarchical_memsw_limit: 512 * MiB };
    expect(await missing({ limit: 512 * MiB, stats })).toEqual([]);
    expect(await missing({ limit: 16_000 * MiB, stats: { hierarchical_memsw_limit: 16_000 * MiB } })).toEqual(
      ["memory"],
    );
  });

  test("swap beside the memory is seen where the cgroup tells", async () => {
    expect(await missing({ limit: 512 * MiB, stats: { hierarchical_memsw_limit: 600 * MiB } })).toEqual([
      "no_swap",
    ]);
    expect(await missing({ limit: 512 * MiB })).toEqual([]);
  });

  test("an answer without a limit is no word at all", async () => {
    await expect(asSeenByEngine(stats({}), blind)).rejects.toThrow();
  });
});
